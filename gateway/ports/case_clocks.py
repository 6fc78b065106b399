"""Clocks of cases: those of which something has to come now, and those that are overdue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.case.books import OverdueClock


@dataclass(frozen=True, slots=True, kw_only=True)
class DueClock:
    """A clock that was found due."""

    clock_id: str
    ticket_id: str
    next_at: datetime
    """What it was due at. If it is due at another time by now, somebody else was there before."""
    found_at: datetime
    """When it was found: what has been due until then comes of it."""


class DueClocks(Protocol):
    """The clocks of all tickets, as those see them who fire them."""

    async def take(self, owner: str, *, limit: int, lease_s: float) -> Sequence[DueClock]:
        """Lease at most ``limit`` of what is due, the longest overdue first.

        A lease ends when the clock alters. One that has stood for ``lease_s`` seconds, or whose owner is known to be
        gone, is anybody's: leases save work, they do not keep anybody from firing.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureClock:
    """A clock whose due time was computed before the public holidays of its year were known."""

    clock_id: str
    ticket_id: str
    due_at: datetime


class UnsureClocks(Protocol):
    """The clocks that wait for a calendar."""

    async def unsure(
        self, begin: datetime, end: datetime, *, after: UnsureClock | None, limit: int
    ) -> Sequence[UnsureClock]:
        """At most ``limit`` that are due from ``begin`` to before ``end`` and have not ended, in that order.

        ``after``: those behind this one.
        """
        ...


@dataclass(frozen=True, slots=True)
class OverduePage:
    """One page; ``total``: how many stand on the whole list."""

    items: tuple[OverdueClock, ...]
    next_cursor: str | None
    total: int


class OverdueClocks(Protocol):
    """挂账: the list of what is overdue, with how often it was supervised since."""

    async def overdue(self, *, unit: str | None = None, limit: int = 200, cursor: str | None = None) -> OverduePage:
        """A page, the longest overdue first; of one unit, or (None) of all and of the centre.

        ``RejectedInput`` for a cursor that is not ours.
        """
        ...
