"""Working time: what a limit is counted in, on the calendar of the unit that has to act.

Instants are aware datetimes; what is answered is in UTC. A day has as many spans as a unit likes, also over midnight.
Beyond the last year whose public holidays are known the days of the week decide, and ``knows`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count, takewhile

from gateway.domain.hours import DaySpan, Hours

Interval = tuple[datetime, datetime]
"""[from, to) in UTC."""
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_NONE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDays:
    """Holidays, and weekends that are worked instead (调休), of whole years."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    years: frozenset[int] = frozenset()
    """The years whose days are known."""

    @property
    def last_day(self) -> date | None:
        """The last day that is known; None when none is."""
        return date(max(self.years), 12, 31) if self.years else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """When a unit works. One without a span of any day counts around the clock: a limit always ends."""

    code: str
    zone: tzinfo = UTC
    spans: tuple[DaySpan, ...] = ()
    public: PublicDays = field(default_factory=PublicDays)

    @property
    def around_the_clock(self) -> bool:
        """Whether every moment is working time."""
        return not any(span.days for span in self.spans)

    def knows(self, at: datetime) -> bool:
        """Whether the public holidays of that year are known, or do not matter."""
        return self.around_the_clock or at.astimezone(self.zone).year in self.public.years

    def opening(self, at: datetime) -> datetime:
        """The first working moment from ``at`` on."""
        return at.astimezone(UTC) if self.around_the_clock else next(self._worked(at))[0].astimezone(UTC)

    def add(self, at: datetime, worked: timedelta) -> datetime:
        """The earliest moment by which so much is ``worked`` since ``at``: an evening rather than the next morning."""
        if worked <= _NONE or self.around_the_clock:
            return at.astimezone(UTC) + worked
        left = worked
        for begin, end in self._worked(at):
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise AssertionError  # working time does not end

    def subtract(self, at: datetime, worked: timedelta) -> datetime:
        """The latest moment from which so much is ``worked`` until ``at``: a morning rather than the evening before."""
        if worked <= _NONE or self.around_the_clock:
            return at.astimezone(UTC) - worked
        back = worked + _WEEK
        while True:
            left = worked
            for begin, end in reversed(self._until(at - back, at)):
                if end - begin >= left:
                    return end - left
                left -= end - begin
            back *= 2

    def between(self, begin: datetime, end: datetime) -> timedelta:
        """The working time from ``begin`` to ``end``; none when that is earlier."""
        if end <= begin:
            return _NONE
        if self.around_the_clock:
            return end - begin
        return sum((closes - opens for opens, closes in self._until(begin, end)), _NONE)

    def _until(self, begin: datetime, end: datetime) -> list[Interval]:
        """The working intervals between two moments."""
        before = takewhile(lambda interval: interval[0] < end, self._worked(begin))
        return [(opens, min(closes, end)) for opens, closes in before]

    def _worked(self, since: datetime) -> Iterator[Interval]:
        """The working intervals from ``since`` on: in order, apart from each other, without an end."""
        reached = since.astimezone(UTC)
        first = since.astimezone(self.zone).date() - _DAY  # a span of the day before may last over midnight
        hours = Hours(spans=self.spans, holidays=self.public.holidays, workdays=self.public.workdays)
        for day in (first + step * _DAY for step in count()):
            for begin, end in sorted(self._interval(day, span) for span in hours.begin_on(day)):
                if end > max(begin, reached):
                    yield max(begin, reached), end
                    reached = end

    def _interval(self, day: date, span: DaySpan) -> Interval:
        """The span that begins on ``day``; where clocks are put forward over both its ends, an empty one."""
        last = day + _DAY if span.over_midnight else day
        return self._instant(day, span.begin), self._instant(last, span.end)

    def _instant(self, day: date, minute: int) -> datetime:
        """What the clocks of the zone show as this minute of ``day``: the first time, where they show it twice."""
        shown = datetime.combine(day, time(), self.zone) + timedelta(minutes=minute)
        return shown.astimezone(UTC)
