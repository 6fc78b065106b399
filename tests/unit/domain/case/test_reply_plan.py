"""Which way a reply goes, and when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.reply_plan import QuietHours, Reach, plan
from gateway.domain.reply_state import Because, ReplyWay
from gateway.domain.reply_window import ALWAYS

pytestmark = pytest.mark.unit
SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(begin=time(22), end=time(7), zone=SHANGHAI)
MOBILE = "+8613800138000"
MOMENTS = st.integers(0, 8 * 24 * 60).map(
    lambda minutes: datetime(2026, 12, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=SHANGHAI)


def test_a_window_is_open_until_its_last_instant() -> None:
    reach = Reach(open_until=at(3, 10), sms=MOBILE)
    before, after = plan(reach, (), at(3, 9, 59), NIGHT), plan(reach, (), at(3, 10), NIGHT)
    assert before is not None
    assert after is not None
    assert (before.way, after.way, after.because) == (ReplyWay.CHANNEL, ReplyWay.SMS, Because.WINDOW_CLOSED)


def test_by_night_an_open_account_waits_for_the_morning_only_if_it_is_open_then() -> None:
    waits = plan(Reach(open_until=at(4, 7, 1)), (), at(3, 23), NIGHT)
    cannot = plan(Reach(open_until=at(4, 7)), (), at(3, 23), NIGHT)
    assert waits is not None
    assert cannot is not None
    assert (waits.at, cannot.at) == (at(4, 7), at(3, 23))


def test_sms_and_calls_wait_for_the_morning_and_what_is_urgent_does_not() -> None:
    for reach in (Reach(sms=MOBILE), Reach()):
        quiet, urgent = plan(reach, (), at(4, 2), NIGHT), plan(reach, (), at(4, 2), None)
        assert quiet is not None
        assert urgent is not None
        assert (quiet.at, urgent.at) == (at(4, 7), at(4, 2))


@pytest.mark.parametrize(("hour", "over"), [(21, (3, 21)), (22, (4, 7)), (6, (3, 7)), (7, (3, 7))])
def test_quiet_hours_begin_and_end_on_the_minute(hour: int, over: tuple[int, int]) -> None:
    assert NIGHT.over(at(3, hour)) == at(*over)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    siesta = QuietHours(begin=time(12), end=time(14), zone=SHANGHAI)
    assert [siesta.over(at(3, hour)) for hour in (11, 12, 13, 14)] == [at(3, 11), at(3, 14), at(3, 14), at(3, 14)]
    assert QuietHours(begin=time(0), end=time(0), zone=SHANGHAI).over(at(3, 3)) == at(3, 3)


@given(
    st.builds(
        Reach,
        open_until=st.none() | st.just(ALWAYS) | MOMENTS,
        sms=st.none() | st.just(MOBILE),
        still=st.booleans(),
        callable=st.booleans(),
        by_source=st.booleans(),
    ),
    MOMENTS,
    st.none() | st.just(NIGHT),
)
def test_each_way_is_tried_once_and_a_call_is_the_last(reach: Reach, now: datetime, quiet: QuietHours | None) -> None:
    tried: list[str] = []
    while (found := plan(reach, tried, now, quiet)) is not None:
        assert found.way not in tried
        assert now <= found.at <= now + timedelta(hours=9)
        if found.way in {ReplyWay.SMS, ReplyWay.CALL} and quiet is not None:
            assert found.at == quiet.over(now)
        tried.append(found.way)
    assert tried[-1] == ReplyWay.CALL
    assert (ReplyWay.SMS in tried) == (reach.sms is not None)
