"""The record of truth as its users see it. ``gateway.storage`` implements all of this on SQL; tests on memory twins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.command import Applied, Command
from gateway.domain.open_interaction import OpenInteraction

Record = dict[str, Any]
"""A ticket as the API answers it (docs/record.md), complete: nothing omitted, None where unknown."""


class CommandStore(Protocol):
    """Where every change of the record goes."""

    async def execute(self, command: Command) -> Applied:
        """Have ``command`` decide, and write what it altered; return only after its transaction is committed.

        Raises ``StoreUnavailable`` (nothing written), ``RejectedInput`` (text SQL cannot hold: NUL, lone surrogate),
        and what the command refuses with: ``StaleVersion``, ``Conflict``, ``NotFound``.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketQuery:
    """Filters of a ticket list. ``since`` is an event_seq: only tickets changed after it, in order of their change."""

    ids: tuple[str, ...] = ()
    """Of these tickets those that fit the other filters; none given: of all."""
    since: int | None = None
    channel: str | None = None
    status: str | None = None
    line: str | None = None
    empty: bool | None = None
    text: str | None = None
    """A ticket number, its serial or its beginning; or words of title, content and address as they are shown masked."""
    phone: str | None = None
    """A whole number (E.164) that the requester called from or wants to be called at."""
    name: str | None = None
    """The requester's whole name."""
    hidden_too: bool = False
    """Whether ``phone`` and ``name`` lead to tickets whose requester wants to stay unknown."""
    unit: str | None = None
    """Code of the unit that leads."""
    division: str | None = None
    """Code of the district or street."""
    category: str | None = None
    """What the code of the category begins with."""
    due_from: datetime | None = None
    due_to: datetime | None = None
    """The first unit that owes a reply owes it in [from, to)."""
    limit: int = 50
    cursor: str | None = None
    """What an earlier page's ``next_cursor`` said; opaque."""
    newest_first: bool = False
    created_from: datetime | None = None
    created_to: datetime | None = None
    """Registered in [from, to)."""
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Codes of the demand's category; one whose category is none of ``known_categories`` is meant by its type."""
    known_categories: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    """South, west, north, east in WGS-84 degrees; tickets without coordinates are outside."""
    skip: int = 0
    """Leave out so many from the beginning; for interfaces that number their pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPage:
    """One page; ``items`` are records without ``transcript`` and ``messages``."""

    items: list[Record]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackQuery:
    """Filters of the list of calls that are owed."""

    state: str | None = "open"
    """None: any."""
    line: str | None = None
    due_before: datetime | None = None
    has_phone: bool | None = None
    limit: int = 200


OWED = CallbackQuery()
"""Every call that is owed."""


class TicketReader(Protocol):
    """Reading the record."""

    async def ticket(self, ticket_id: str) -> Record:
        """The whole record by ticket_id or 15-digit ticket_no; ``NotFound``."""
        ...

    async def delivered(self, channel_id: str, external_id: str) -> Record | None:
        """What a delivery came to: {ticket_id, ticket_no, interaction_id}; None when none came under this key."""
        ...

    async def changed_since(self, at: datetime) -> int:
        """An event_seq before the first event at or after ``at``: where a list of newer changes begins."""
        ...

    async def tickets(self, query: TicketQuery) -> TicketPage:
        """One page of records; ``RejectedInput`` for a cursor that is not ours."""
        ...

    async def same_requester(self, ticket_id: str, *, limit: int = 20) -> list[Record]:
        """Other tickets, newest first, from a number or account that the ticket came from, as records of a list.

        Whoever called from it: a number is no person. None of, or for, requesters who want to stay unknown.
        """
        ...

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[Record]:
        """Events with ``event_seq > after`` in order.

        {event_seq, event_id, type, at, ticket_id, ticket_no, interaction_id, actor, data}.
        """
        ...

    async def last_event_seq(self) -> int:
        """The newest committed event_seq, 0 when there is none."""
        ...

    def watch(self, after: int) -> AsyncIterator[Record]:
        """Events with ``event_seq > after``: the stored ones, then each new one as it commits.

        Those of other processes come too: at once where they tell of them, else by polling.
        """
        ...

    async def recording_path(self, interaction_id: str) -> str | None:
        """Where an interaction's recording lies (recordings port location), or None.

        ``NotFound`` for no such interaction.
        """
        ...

    async def callbacks(self, query: CallbackQuery = OWED) -> list[Record]:
        """Callback tasks, earliest due first: docs/callbacks.md, with ``hidden`` besides.

        ``hidden``: the requester wants to stay unknown.
        """
        ...

    async def callback(self, callback_id: str) -> Record:
        """One callback task; ``NotFound``."""
        ...

    async def ping(self) -> None:
        """Raises ``StoreUnavailable`` when SQL cannot be read and written."""
        ...


class ChannelLeases(Protocol):
    """Which process runs a channel that only one may run."""

    async def take(self, channel_id: str, owner: str, *, lease_s: float, is_gone: Callable[[str], bool]) -> bool:
        """Own the channel for ``lease_s`` seconds from now, or go on owning it; False when another one does.

        Of several that ask at once one gets it. An owner that ``is_gone`` says has ended is not waited for; any other
        one loses it when this process has seen it unrenewed for ``lease_s``, whatever the clocks say. Ask often.
        """
        ...

    async def release(self, channel_id: str, owner: str) -> None:
        """Let it go, if it is ``owner``'s, so that the next one need not wait."""
        ...


class LeaseStore(Protocol):
    """Who owns what, and until when."""

    async def renew(self, interaction_ids: Sequence[str], until: datetime, *, owner: str | None = None) -> list[str]:
        """Extend the leases of live interactions in one write; those of them that recovery has closed meanwhile.

        Those that are open are ``owner``'s from now on.
        """
        ...

    async def run_out(self, lease_s: float, limit: int = 100) -> list[OpenInteraction]:
        """Open interactions whose owner is gone, as far as this process knows.

        It has itself seen their leases stand unrenewed for ``lease_s``, the store answering all the while: no clock
        of another machine has a say in it, and an owner that could not renew is not blamed. Ask often.
        """
        ...

    async def released(self, limit: int = 100) -> list[OpenInteraction]:
        """Open interactions whose owner is known to be gone."""
        ...

    async def release(self, is_gone: Callable[[str], bool]) -> int:
        """End at once the leases of owners that ``is_gone`` says have ended; how many there were."""
        ...

    def steady_s(self) -> float:
        """How long the store has answered without a break, as far as this process has seen; seconds.

        While that is less than a lease, nobody could renew one.
        """
        ...

    async def untranscribed(
        self, lease_s: float, is_gone: Callable[[str], bool], limit: int = 20
    ) -> list[OpenInteraction]:
        """Closed interactions with a recording whose ticket still says ``prefill.pending``, oldest first.

        Not those whose owner still waits for their words: it is neither gone nor has its lease run out (``run_out``).
        """
        ...
