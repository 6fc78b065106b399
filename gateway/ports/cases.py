"""Lists of cases: what units have to do, what became of a case, and what people wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.case.note import Note
from gateway.ports.store import Record

MOST_READ = 1000
"""So many events, and so many notes, of one case are read: the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Filters of a list of tasks, the nearest due first; those without a due time come last, by their ids."""

    unit: str | None = None
    """None: of all units."""
    open: bool | None = None
    """Whether something is still to be done about it; None: both."""
    newest_first: bool = False
    """Those without a due time are listed from the newest on; for ``open=False`` alone."""
    limit: int = 50
    cursor: str | None = None
    """What an earlier page's ``next_cursor`` said; opaque. It holds where that page ended, whatever has moved since."""


@dataclass(frozen=True, slots=True)
class ListedTask:
    """A task of a page, whose document is its ticket's."""

    task_id: str
    ticket_id: str
    unit: str


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

    async def task(self, task_id: str) -> ListedTask:
        """``NotFound``."""
        ...

    async def waiting(self, *, limit: int, cursor: str | None = None) -> WaitingPage:
        """What waits for the centre, the nearest due first; ``RejectedInput`` for a cursor that is not ours."""
        ...

    async def notes(self, ticket_id: str) -> Sequence[Note]:
        """What was written about a case, oldest first, ``MOST_READ`` at most; of an erased one the texts are empty."""
        ...

    async def events(self, ticket_id: str, types: Collection[str]) -> Sequence[Record]:
        """What became of a case, oldest first: events of these types, ``MOST_READ`` at most."""
        ...
