"""When units take ordinary notices: in their own working hours, by the tables in force."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsInForce:
    """The units at one moment."""

    directory: Directory
    calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)
    """Of those that have hours, by code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingHours:
    """``usual``: those of units that name none."""

    units: Callable[[], Awaitable[UnitsInForce]]
    """Those in force; ``StoreUnavailable``."""
    usual: WorkCalendar

    async def opening(self, code: str, at: datetime) -> datetime:
        """The first moment from ``at`` on at which the unit takes them."""
        return opening(await self.units(), self.usual, code, at)


def opening(units: UnitsInForce, usual: WorkCalendar, code: str, at: datetime) -> datetime:
    """The same, by ``units``."""
    return units.calendars.get(code, usual).opening(at)
