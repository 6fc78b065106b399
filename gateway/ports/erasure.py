"""What erasing a ticket or a person needs of the store; ``gateway.storage.erasure`` implements it on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


class ErasureKind(StrEnum):
    """What is erased: one ticket, or everything of one requester."""

    TICKET = "ticket"
    REQUESTER = "requester"


@dataclass(frozen=True, slots=True)
class ErasureSubject:
    """A ticket or a requester, by its id."""

    kind: ErasureKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideRecord:
    """What of a ticket lies outside SQL."""

    ticket_id: str
    recordings: tuple[str, ...]
    files: tuple[str, ...]
    """Locations of attachments that no other ticket has."""
    call_ids: tuple[str, ...]
    """SIP Call-IDs of its calls."""
    days: frozenset[date]
    """The days (UTC) of its calls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """How a person is named where no id of ours stands."""

    numbers: frozenset[str]
    """Telephone numbers: E.164 where they could be read."""
    accounts: frozenset[str]
    """Their names on channels."""
    days: frozenset[date]
    """The days (UTC) on which they called, those of refused calls included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One line of what was erased."""

    subject: ErasureSubject
    actor: str
    begun_at: str
    done_at: str | None


class ErasureStore(Protocol):
    """Every step is one short transaction under the writers' lock, and does nothing when it was done before.

    All of them raise ``StoreUnavailable``; then the erasure goes on when it is asked for again.
    """

    async def named(self, kind: ErasureKind, name: str) -> ErasureSubject:
        """The subject of this id, or of this ticket number; ``NotFound``."""
        ...

    async def tickets(self, subject: ErasureSubject) -> list[str]:
        """The tickets of ``subject`` that are not erased yet."""
        ...

    async def begin(self, subject: ErasureSubject, actor: str) -> bool:
        """Write down who wants it; False when it was done before.

        ``Conflict``: a call or conversation is open, a call is owed, or a ticket is not answered yet; the message says
        which, and what to do.
        """
        ...

    async def person(self, subject: ErasureSubject) -> Person | None:
        """How the requester is named elsewhere; None while they have tickets that stay."""
        ...

    async def forget_person(self, person: Person) -> int:
        """Take the person's numbers and accounts out of what belongs to no ticket; how many rows."""
        ...

    async def take(self, subject: ErasureSubject, actor: str) -> OutsideRecord | None:
        """The next ticket that is not erased: from now on it takes in nothing. None: there is none left.

        ``Conflict`` as ``begin``.
        """
        ...

    async def blank(self, ticket_id: str) -> bool:
        """Blank some of the ticket's messages and words; True: there may be more."""
        ...

    async def close(self, ticket_id: str, actor: str) -> bool:
        """Blank the rest of the ticket, and tell of it: event, audit, ledger. False: it was closed before."""
        ...

    async def finish(self, subject: ErasureSubject, actor: str) -> bool:
        """Forget by what the requester was known, if nothing of theirs is left.

        False: they have been in touch again meanwhile, and ``take`` gives another ticket.
        """
        ...

    async def scrub(self) -> bool:
        """Have the database's log forget what was overwritten; False: not now, others are reading."""
        ...

    async def compact(self) -> bool:
        """Leave no copy of what was overwritten in the database's files either; False as ``scrub``.

        On SQLite the whole file is written anew, and nobody else writes meanwhile.
        """
        ...

    async def size(self) -> int | None:
        """Bytes of the database that ``compact`` writes anew; None: it keeps nobody waiting."""
        ...

    async def undone(self, before: datetime, limit: int) -> list[Ledger]:
        """Erasures that began before and have not been finished."""
        ...

    async def ledger(self, after: str, limit: int) -> list[Ledger]:
        """What was erased, by subject."""
        ...

    async def closed_before(self, at: datetime, after: str, limit: int) -> tuple[Sequence[str], str | None]:
        """Of the ``limit`` tickets behind ``after``: those that were closed, and not altered since ``at``.

        And behind which to go on; None: what follows is younger than ``at``.
        """
        ...
