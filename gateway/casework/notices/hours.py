"""When units take ordinary notices: in their own working hours, by the directory in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.directory import Directory, Unit
from gateway.domain.hours import DaySpan, parse_span


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingHours:
    """``usual``: those of units that name none, on holidays as on every other day; none: around the clock."""

    directory: Callable[[], Awaitable[Directory]]
    """The one in force."""
    zone: tzinfo
    usual: Sequence[DaySpan]
    public: PublicDays

    def of(self, unit: Unit, at: datetime) -> datetime:
        """The first moment from ``at`` on at which ``unit`` takes them."""
        own = tuple(parse_span(span) for span in unit.hours)
        public = self.public if own else PublicDays()
        return WorkCalendar(code=unit.code, zone=self.zone, spans=own or tuple(self.usual), public=public).opening(at)

    async def opening(self, code: str, at: datetime) -> datetime:
        """The same of the unit ``code``; of one that is gone: ``at``, nobody there is woken."""
        unit = (await self.directory()).units.get(code)
        return at if unit is None else self.of(unit, at)
