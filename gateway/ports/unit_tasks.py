"""What a unit has to do, as its pages look for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.case.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTaskRow:
    """A unit's task; its ticket's document holds the rest. ``due_at`` is RFC 3339, None while nothing runs."""

    task_id: str
    ticket_id: str
    unit: str
    due_at: str | None
    open: bool


class UnitTasks(Protocol):
    """Reading tasks by whose they are."""

    async def of(self, unit: str, *, open_: bool, after: str | None, limit: int) -> Sequence[UnitTaskRow]:
        """A unit's tasks behind the one named ``after``: open ones by what is due first, others newest first.

        ``RejectedInput`` for an ``after`` that is no task of this unit.
        """
        ...

    async def one(self, task_id: str) -> UnitTaskRow:
        """``NotFound``."""
        ...

    async def notes(self, ticket_id: str) -> Sequence[Note]:
        """What was written about a ticket, oldest first."""
        ...
