"""Which flow answers a call, in virtual time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.hours import Hours, parse_span
from gateway.intake.call.schedule import AfterHours, Schedule
from tests.support.clocks import SetClock

pytestmark = pytest.mark.unit
OFFICE = Hours(spans=[parse_span("mon-fri 08:30-17:30")], holidays=[date(2026, 10, 1)])


def scheduled(clock: SetClock, zone: str = "Asia/Shanghai") -> Schedule:
    return Schedule(clock=clock, zone=ZoneInfo(zone), after_hours={"hotline": AfterHours(OFFICE, "after_hours")})


def test_by_the_city_s_clocks() -> None:
    clock = SetClock()
    clock.at = datetime(2026, 11, 23, 0, 29, tzinfo=UTC)  # Monday, 08:29 in Shanghai
    shanghai, urumqi = scheduled(clock), scheduled(clock, "Asia/Urumqi")
    assert shanghai.flow("hotline", "usual") == "after_hours"
    clock.forward(60)
    assert shanghai.flow("hotline", "usual") == "usual"
    assert urumqi.flow("hotline", "usual") == "after_hours"
    clock.forward(9 * 3600)
    assert shanghai.flow("hotline", "usual") == "after_hours"
    assert urumqi.flow("hotline", "usual") == "usual"


def test_a_holiday_begins_at_the_city_s_midnight() -> None:
    clock = SetClock()
    clock.at = datetime(2026, 9, 30, 1, 0, tzinfo=UTC)
    schedule = scheduled(clock)
    assert schedule.flow("hotline", "usual") == "usual"
    clock.at += timedelta(days=1)
    assert schedule.flow("hotline", "usual") == "after_hours"


def test_channels_without_hours_are_always_on_duty() -> None:
    clock = SetClock()
    clock.at = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)
    assert scheduled(clock).flow("enterprise", "usual") == "usual"
