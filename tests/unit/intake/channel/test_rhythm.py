"""When a channel is missed: judged by the hours at which it usually speaks."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.intake.channel.health import SILENT_MISSING
from gateway.intake.channel.rhythm import Rhythm

pytestmark = pytest.mark.unit

ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 11, 23, tzinfo=ZONE)


def lived(days: int, *, by_day: int = 60, by_night: int = 0) -> tuple[Rhythm, datetime]:
    """A channel that is heard so often an hour, from 8 to 20 o'clock and otherwise; until midnight."""
    rhythm, now = Rhythm(), MIDNIGHT
    for hour in range(24 * days):
        often = by_day if 8 <= hour % 24 < 20 else by_night
        for n in range(often):
            rhythm.heard(now + timedelta(minutes=60 * n / often))
        now += timedelta(hours=1)
        rhythm.passes(now)
    return rhythm, now


def test_a_quiet_night_is_no_alarm_and_a_quiet_morning_is() -> None:
    rhythm, midnight = lived(3)
    assert rhythm.missing(midnight + timedelta(hours=8)) == 1
    assert rhythm.missing(midnight + timedelta(hours=8, minutes=10)) < SILENT_MISSING
    assert rhythm.missing(midnight + timedelta(hours=8, minutes=30)) >= SILENT_MISSING


def test_a_new_channel_is_judged_by_its_usual_pause() -> None:
    rhythm = Rhythm()
    for n in range(25):
        rhythm.heard(MIDNIGHT + timedelta(seconds=30 * n))
    last = MIDNIGHT + timedelta(seconds=30 * 24)
    assert rhythm.missing(last + timedelta(seconds=60)) == pytest.approx(2, abs=0.1)


def test_few_messages_make_no_habit() -> None:
    rhythm = Rhythm()
    for n in range(5):
        rhythm.heard(MIDNIGHT + timedelta(seconds=n))
    assert rhythm.missing(MIDNIGHT + timedelta(days=9)) == 0


def test_hours_in_which_nobody_listened_teach_nothing() -> None:
    rhythm, midnight = lived(3)
    rhythm.heard(midnight + timedelta(hours=15, minutes=30))  # the process was away all day, and misses half this hour
    rhythm.passes(midnight + timedelta(hours=16))
    assert rhythm.hourly[10] == rhythm.hourly[15] == 60


def test_what_is_kept_is_what_was_known() -> None:
    rhythm, now = lived(2, by_night=6)
    kept = Rhythm.read(rhythm.written())
    for minutes in (5, 60, 600, 100_000):
        assert kept.missing(now + timedelta(minutes=minutes)) == rhythm.missing(now + timedelta(minutes=minutes))
    assert kept.last == rhythm.last


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"last": 5, "heard_in_all": 1, "pause_s": 1, "hourly": []}'])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a rhythm"):
        Rhythm.read(text)
