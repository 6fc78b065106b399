"""Lists of cases: what units have to do, and what people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.case.note import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Filters of a list of tasks, the nearest due first; those without a due time come last."""

    unit: str | None = None
    """None: of all units."""
    open: bool | None = None
    """Whether something is still to be done about it; None: both."""
    limit: int = 50
    cursor: str | None = None
    """What an earlier page's ``next_cursor`` said; opaque."""


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task of a page, whose document is its ticket's."""

    task_id: str
    ticket_id: str


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page."""

    items: tuple[ListedTask, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCase:
    """Something that the centre has to decide: who acts, a return, a reply, more time, what follows discontent.

    Whom the centre has to call stands among the callbacks.
    """

    clock_id: str
    ticket_id: str
    task_id: str | None
    kind: str
    due_at: datetime
    overdue_since: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """One page."""

    items: tuple[WaitingCase, ...]
    next_cursor: str | None


class CaseLists(Protocol):
    """Reading them."""

    async def tasks(self, query: TaskQuery) -> TaskPage:
        """One page; ``RejectedInput`` for a cursor that is not ours."""
        ...

    async def waiting(self, *, limit: int, cursor: str | None = None) -> WaitingPage:
        """What waits for the centre, the nearest due first; ``RejectedInput`` for a cursor that is not ours."""
        ...

    async def notes(self, ticket_id: str) -> Sequence[Note]:
        """What was written about a case, oldest first; of an erased one the texts are empty."""
        ...
