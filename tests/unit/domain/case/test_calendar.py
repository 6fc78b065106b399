"""Working time on a unit's calendar: spans, holidays, made-up days, zones, and what other systems got wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.hours import DAYS, parse_span

pytestmark = pytest.mark.unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
NONE = timedelta(0)
Y2026 = PublicDays(
    holidays=frozenset({date(2026, 10, day) for day in range(1, 8)}),
    workdays=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    years=frozenset({2026}),
)


def calendar(*spans: str, zone: ZoneInfo = SHANGHAI, public: PublicDays = Y2026) -> WorkCalendar:
    return WorkCalendar(code="M02", zone=zone, spans=tuple(map(parse_span, spans)), public=public)


OFFICE = calendar("mon-fri 08:30-17:30")
SPLIT = calendar("mon-fri 08:30-12:00", "mon-fri 14:30-17:30")
NIGHT = calendar("mon-sun 22:00-06:00")


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("works", "begin", "hours", "end"),
    [
        (OFFICE, "2026-11-23 09:00", 2, "2026-11-23 11:00"),
        (OFFICE, "2026-11-23 16:30", 1, "2026-11-23 17:30"),  # the evening, not the next morning
        (OFFICE, "2026-11-27 16:30", 2, "2026-11-30 09:30"),  # over a week-end
        (OFFICE, "2026-11-28 12:00", 1, "2026-11-30 09:30"),  # begun on a Saturday
        (OFFICE, "2026-09-30 17:00", 1, "2026-10-08 09:00"),  # over the National Day holidays
        (OFFICE, "2026-10-09 17:30", 1, "2026-10-10 09:30"),  # the Saturday that is worked instead
        (OFFICE, "2026-11-23 03:00", 9, "2026-11-23 17:30"),
        (NIGHT, "2026-11-23 05:00", 2, "2026-11-23 23:00"),
        (NIGHT, "2026-11-23 23:00", 8, "2026-11-24 23:00"),
    ],
)
def test_time_is_worked_on_the_units_days_and_hours(works: WorkCalendar, begin: str, hours: int, end: str) -> None:
    assert works.add(local(begin), hours * HOUR) == local(end)
    assert works.between(local(begin), local(end)) == hours * HOUR


def test_zammad_390_working_hours_and_holidays_count() -> None:
    friday, next_week = local("2026-09-25 17:00"), local("2026-10-08 09:30")
    working_days = 3  # Monday to Wednesday
    assert OFFICE.between(friday, next_week) == timedelta(minutes=30) + working_days * 9 * HOUR + HOUR


def test_chatwoot_14009_two_spans_a_day() -> None:
    assert SPLIT.add(local("2026-11-23 11:30"), HOUR) == local("2026-11-23 15:00")
    assert SPLIT.between(local("2026-11-23 08:00"), local("2026-11-23 18:00")) == timedelta(hours=6, minutes=30)
    assert SPLIT.opening(local("2026-11-23 12:00")) == local("2026-11-23 14:30")


@pytest.mark.parametrize(
    ("due", "warn"),
    [
        ("2026-11-30 09:00", "2026-11-27 17:00"),
        ("2026-11-30 09:30", "2026-11-30 08:30"),  # the morning, not the Friday evening
        ("2026-11-23 11:00", "2026-11-23 10:00"),
        ("2026-10-08 09:00", "2026-09-30 17:00"),
        ("2026-10-04 12:00", "2026-09-30 16:30"),  # due in the holidays
    ],
)
def test_glpi_pr_22678_one_hour_before_reaches_across_closing(due: str, warn: str) -> None:
    assert OFFICE.subtract(local(due), HOUR) == local(warn)


@pytest.mark.parametrize("works", [calendar(), WorkCalendar(code="wall")])
def test_osticket_6739_zammad_1396_an_empty_calendar_counts_around_the_clock(works: WorkCalendar) -> None:
    at = local("2026-11-28 23:30")
    assert works.around_the_clock
    assert works.add(at, 24 * HOUR) == at + 24 * HOUR
    assert works.subtract(at, HOUR) == at - HOUR
    assert works.between(at, at + 5 * HOUR) == 5 * HOUR
    assert works.opening(at) == at
    assert works.knows(local("2031-01-01 00:00"))


def test_oca_73_odd_spans_are_counted_once() -> None:
    overlapping = calendar("mon-fri 08:00-12:00", "mon-fri 11:00-17:00", "mon-fri 09:00-10:00", "sun 22:00-09:00")
    assert overlapping.between(local("2026-11-23 00:00"), local("2026-11-24 00:00")) == 17 * HOUR
    assert overlapping.subtract(local("2026-11-23 10:00"), 11 * HOUR) == local("2026-11-22 23:00")
    whole_day = calendar("mon 08:00-08:00")
    assert whole_day.between(local("2026-11-23 00:00"), local("2026-11-30 00:00")) == 24 * HOUR


def test_zammad_4432_2157_nothing_is_told_at_midnight() -> None:
    assert OFFICE.opening(local("2026-11-28 00:20")) == local("2026-11-30 08:30")
    assert OFFICE.opening(local("2026-11-23 10:00")) == local("2026-11-23 10:00")
    assert OFFICE.opening(local("2026-11-23 08:30")) == local("2026-11-23 08:30")
    assert OFFICE.opening(local("2026-11-23 17:30")) == local("2026-11-24 08:30")


def test_beyond_the_last_known_year_the_day_of_the_week_decides_and_it_says_so() -> None:
    at = local("2027-10-01 10:00")  # a Friday that will surely be a holiday
    assert OFFICE.knows(local("2026-12-31 23:59"))
    assert not OFFICE.knows(local("2027-01-01 00:00"))
    assert OFFICE.add(at, HOUR) == at + HOUR
    assert PublicDays().last_day is None
    assert Y2026.last_day == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("span", "begin", "end", "worked"),
    [
        ("mon-sun 00:00-06:00", "2026-03-29", "2026-03-30", 5),  # clocks go from 02:00 to 03:00
        ("mon-sun 00:00-06:00", "2026-10-25", "2026-10-26", 7),  # and from 03:00 back to 02:00
        ("mon-sun 02:00-03:00", "2026-03-29", "2026-03-30", 0),  # an hour that there is not
        ("mon-sun 09:00-17:00", "2026-03-28", "2026-03-30", 16),
    ],
)
def test_days_on_which_clocks_are_put_forward_or_back(span: str, begin: str, end: str, worked: int) -> None:
    works = calendar(span, zone=BERLIN)
    assert works.between(local(begin, BERLIN), local(end, BERLIN)) == worked * HOUR


SPANS = st.builds(
    lambda first, last, begin, end: f"{first}-{last} {begin:02d}:00-{end:02d}:30",
    *[st.sampled_from(DAYS)] * 2,
    *[st.integers(0, 23)] * 2,
)
CALENDARS = st.builds(
    lambda spans, zone: calendar(*spans, zone=zone),
    st.lists(SPANS, max_size=4),
    st.sampled_from([SHANGHAI, BERLIN, ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")]),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - in UTC
TIMES = st.timedeltas(timedelta(milliseconds=1), timedelta(days=12))


@given(CALENDARS, MOMENTS, TIMES)
def test_what_is_added_lies_between(works: WorkCalendar, at: datetime, worked: timedelta) -> None:
    due = works.add(at, worked)
    assert works.between(at, due) == worked
    assert works.between(at, due - timedelta(milliseconds=1)) < worked


@given(CALENDARS, MOMENTS, TIMES)
def test_what_is_taken_off_lies_between(works: WorkCalendar, at: datetime, worked: timedelta) -> None:
    begin = works.subtract(at, worked)
    assert works.between(begin, at) == worked
    assert works.between(begin + timedelta(milliseconds=1), at) < worked


@given(CALENDARS, st.tuples(MOMENTS, MOMENTS, MOMENTS).map(sorted))
def test_working_time_adds_up(works: WorkCalendar, at: list[datetime]) -> None:
    one, two, three = at
    assert works.between(one, two) + works.between(two, three) == works.between(one, three) <= three - one
    assert works.between(three, one) == NONE


@given(CALENDARS, MOMENTS)
def test_nobody_works_before_the_opening(works: WorkCalendar, at: datetime) -> None:
    opening = works.opening(at)
    assert opening >= at
    assert works.between(at, opening) == NONE
    assert works.between(opening, opening + timedelta(milliseconds=1)) > NONE
