"""When agents are on duty."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from gateway.domain.hours import DaySpan, Hours, parse_span

pytestmark = pytest.mark.unit
OFFICE = [parse_span("mon-fri 08:30-12:00"), parse_span("mon-fri 14:30-17:30"), parse_span("sat 09:00-12:00")]


def on_duty(at: str, *spans: DaySpan, holidays: tuple[date, ...] = (), workdays: tuple[date, ...] = ()) -> bool:
    hours = Hours(spans=spans or OFFICE, holidays=holidays, workdays=workdays)
    return hours.on_duty(datetime.fromisoformat(at))


@pytest.mark.parametrize(
    ("at", "duty"),
    [
        ("2026-11-23 08:29:59", False),  # a Monday
        ("2026-11-23 08:30:00", True),
        ("2026-11-23 11:59:59", True),
        ("2026-11-23 12:00:00", False),
        ("2026-11-23 14:30:00", True),
        ("2026-11-27 17:29:00", True),
        ("2026-11-27 17:30:00", False),
        ("2026-11-28 09:00:00", True),
        ("2026-11-28 14:30:00", False),
        ("2026-11-29 10:00:00", False),
    ],
)
def test_spans_of_the_week(at: str, *, duty: bool) -> None:
    assert on_duty(at) is duty


def test_a_holiday_is_closed_and_a_worked_weekend_is_a_monday() -> None:
    assert not on_duty("2026-10-01 10:00", holidays=(date(2026, 10, 1),))
    assert not on_duty("2026-10-10 15:00")  # a Saturday
    assert on_duty("2026-10-10 15:00", workdays=(date(2026, 10, 10),))


def test_a_night_shift_ends_on_the_next_day() -> None:
    night = parse_span("fri 22:00-06:00")
    assert [on_duty(f"2026-11-{day}", night) for day in ("27 21:59", "27 22:00", "28 05:59", "28 06:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert not on_duty("2026-11-27 05:00", night)
    # It begins on the day that it is named after: a holiday takes that night away, not the morning before.
    assert on_duty("2026-11-28 05:59", night, holidays=(date(2026, 11, 28),))
    assert not on_duty("2026-11-28 05:59", night, holidays=(date(2026, 11, 27),))


def test_round_the_clock_and_round_the_week() -> None:
    always = parse_span("mon-sun 00:00-24:00")
    assert on_duty("2026-11-29 23:59", always)
    assert on_duty("2026-11-30 00:00", always)
    assert parse_span("sat-mon 08:00-09:00").days == {5, 6, 0}
    assert parse_span("MON 00:00-00:00").over_midnight


@pytest.mark.parametrize(
    "text",
    ["", "mon", "mon 8:00-12:00", "mo 08:00-12:00", "mon-xyz 08:00-12:00", "mon 08:60-12:00", "mon 08:00-24:01",
     "mon 24:00-01:00", "mon 08:00", "mon-fri 08:00-12:00 x"],
)  # fmt: skip
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match=r"span|time of day"):
        parse_span(text)
