"""When agents are on duty: spans of the week, public holidays, and weekends that are worked instead (调休)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = 0
MINUTES = 24 * 60
_SPAN = re.compile(r"(?P<from>[a-z]{3})(?:-(?P<to>[a-z]{3}))? +(?P<begin>\d{2}:\d{2})-(?P<end>\d{2}:\d{2})")


@dataclass(frozen=True, slots=True)
class DaySpan:
    """Part of a day, on certain days of the week. One that ends at or before its begin ends on the next day."""

    days: frozenset[int]
    """0 = Monday."""
    begin: int
    """Minutes after midnight."""
    end: int
    """The first minute that no longer belongs to it; up to 1440."""

    @property
    def over_midnight(self) -> bool:
        """Whether it ends on the day after it began."""
        return self.end <= self.begin


def parse_span(text: str) -> DaySpan:
    """``mon-fri 08:30-17:30``, ``sat 09:00-12:00``, ``fri 22:00-06:00``, ``mon-sun 00:00-24:00``; ValueError else."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or found["from"] not in DAYS or (found["to"] or "mon") not in DAYS:
        raise ValueError(f"{text!r} is no span of a week; write it as mon-fri 08:30-17:30")
    first = DAYS.index(found["from"])
    last = DAYS.index(found["to"]) if found["to"] else first
    days = frozenset((first + step) % len(DAYS) for step in range((last - first) % len(DAYS) + 1))
    begin, end = _minutes(found["begin"]), _minutes(found["end"])
    if begin >= MINUTES:
        raise ValueError(f"{text!r}: a span begins before 24:00")
    return DaySpan(days=days, begin=begin, end=end)


def _minutes(clock: str) -> int:
    hours, minutes = int(clock[:2]), int(clock[3:])
    if minutes >= 60 or hours * 60 + minutes > MINUTES:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(f"{clock} is no time of day; 00:00 to 24:00")
    return hours * 60 + minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When agents are on duty, on the city's calendar."""

    spans: Sequence[DaySpan]
    holidays: Collection[date] = ()
    """Days on which no span begins."""
    workdays: Collection[date] = ()
    """Days that are worked as a Monday is, whatever day of the week they are."""

    def on_duty(self, local: datetime) -> bool:
        """Whether anybody is, at this moment of the city's clocks."""
        minute = local.hour * 60 + local.minute
        today = self.begin_on(local.date())
        yesterday = self.begin_on(local.date() - timedelta(days=1))
        return any(span.begin <= minute and (span.over_midnight or minute < span.end) for span in today) or any(
            span.over_midnight and minute < span.end for span in yesterday
        )

    def begin_on(self, day: date) -> list[DaySpan]:
        """The spans that begin on ``day``."""
        if day in self.holidays:
            return []
        weekday = MONDAY if day in self.workdays else day.weekday()
        return [span for span in self.spans if weekday in span.days]
