"""When what is kept for days goes, and which clocks are believed about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.retention import DOUBT_S, LEAP, ClockDoubt, first_kept
from gateway.media.day_folders import day_folder

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
days = st.integers(1, 4000)


@given(began=instants, days=days, later=st.timedeltas(timedelta(0), timedelta(days=5000)), zone=zones, other=zones)
def test_a_thing_is_kept_its_days_and_not_two_more(began, days, later, zone, other):
    now = began + later
    day = day_folder(began.astimezone(zone)).replace("/", "-")
    gone = day < first_kept(now.astimezone(other), days).isoformat()
    if later < timedelta(days=days):
        assert not gone
    if later >= timedelta(days=days + 1):
        assert gone


def test_a_clock_near_the_beginning_of_time_keeps_everything():
    assert first_kept(datetime.min.replace(tzinfo=UTC), 180).year == 1


class Machine:
    """One machine's clocks, and the instant that all share."""

    def __init__(self) -> None:
        self.wall, self.monotonic = NOW, 0.0
        self.doubt = ClockDoubt()

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.monotonic += seconds

    def asks(self, seen: datetime) -> bool:
        return self.doubt.believes(self.wall, self.monotonic, seen)


@given(st.lists(st.floats(0, 86_000), max_size=20))
def test_a_clock_that_goes_evenly_is_always_believed(pauses):
    machine, seen = Machine(), NOW
    for pause in pauses:
        machine.pass_by(pause)
        assert machine.asks(seen)
        seen = machine.wall


AHEAD = st.timedeltas(LEAP, timedelta(days=9000)).filter(lambda leap: leap > LEAP)
BACK = st.timedeltas(timedelta(days=-9000), -LEAP - timedelta(seconds=DOUBT_S))


@given(AHEAD | BACK)
@example(-LEAP - timedelta(seconds=DOUBT_S))
def test_a_leap_is_doubted_until_it_has_stood_long_enough(leap):
    """One back by less than that comes up to what was seen before it has stood so long."""
    machine = Machine()
    assert machine.asks(NOW)
    machine.wall += leap
    for _ in range(int(DOUBT_S // 3600)):
        assert not machine.asks(NOW)
        machine.pass_by(3600)
    assert machine.asks(NOW)


def test_a_clock_that_is_set_right_is_believed_at_once():
    machine = Machine()
    machine.wall += timedelta(days=3650)
    assert not machine.asks(NOW)
    machine.wall -= timedelta(days=3650)
    machine.pass_by(60)
    assert machine.asks(NOW)


def test_a_second_leap_begins_the_doubt_anew():
    machine = Machine()
    machine.wall += timedelta(days=3650)
    assert not machine.asks(NOW)
    machine.pass_by(DOUBT_S - 60)
    machine.wall += timedelta(days=3650)
    machine.pass_by(120)
    assert not machine.asks(NOW)


def test_while_another_machine_is_believed_the_odd_one_never_is():
    machine, seen = Machine(), NOW
    machine.wall += timedelta(days=3650)
    for _ in range(100):
        assert not machine.asks(seen)
        machine.pass_by(3600)
        seen += timedelta(hours=1)
