"""Notices to units: what waits to leave, and the ways by which it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.case.receivers import NoticeWay
from gateway.domain.form import Form

MOST = 500
"""So many notices leave in one message at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """That ``unit`` is told of an event at ``address``, from ``due_at`` on. One event, unit and address: one notice."""

    event_seq: int
    unit: str
    way: NoticeWay
    address: str
    ticket_id: str
    ticket_no: str
    type: str
    clock_kind: str | None
    task_id: str | None
    urgent: bool
    at: datetime
    """When it happened."""
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLine:
    """A notice, with its ticket as it stands when the message is written; None: it is there no more."""

    event_seq: int
    ticket_id: str
    ticket_no: str
    type: str
    clock_kind: str | None
    task_id: str | None
    attempts: int
    at: datetime
    form: Form | None
    asked: str | None = None
    """What the centre wrote to the units with which it confers, masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one unit is told at one address, leased: of what is urgent, or of everything else. Oldest first."""

    unit: str
    way: NoticeWay
    address: str
    urgent: bool
    lines: tuple[NoticeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So long, in seconds, a unit hears nothing more at an address after a letter: of what is urgent, and else."""

    urgent_s: float
    ordinary_s: float


class NoticeStore(Protocol):
    """The notices of all units."""

    async def forms(self, ticket_ids: Collection[str]) -> Mapping[str, Form]:
        """The forms of those tickets, as they stand."""
        ...

    async def add(self, new: Sequence[NewNotice]) -> None:
        """Keep them; one that there is already stays as it is."""
        ...

    async def take(
        self, owner: str, ways: Collection[NoticeWay], pace: Pace, *, limit: int, lease_s: float
    ) -> Sequence[Letter]:
        """Lease at most ``limit`` letters of what is due, urgent ones first, then the longest due.

        A lease that has stood for ``lease_s`` seconds, or whose owner is known to be gone, is anybody's.
        """
        ...

    async def sent(self, letter: Letter, at: datetime) -> None:
        """It has left: none of it is ever sent again."""
        ...

    async def hold(self, letter: Letter, until: datetime) -> None:
        """The unit takes none now: it is due then."""
        ...

    async def again(self, letter: Letter, next_at: datetime, error: str) -> None:
        """It was tried in vain, and is to be tried again."""
        ...

    async def dead(self, letter: Letter, at: datetime, error: str) -> None:
        """It can never leave: a person has to look."""
        ...

    async def listed(
        self, *, dead: bool = False, ticket_no: str | None = None, limit: int = 200
    ) -> Sequence[Mapping[str, Any]]:
        """Notices as a person looks at them, the newest first: all, the dead, those of one ticket."""
        ...

    async def revive(self, now: datetime) -> int:
        """The dead are due again; how many."""
        ...

    async def drop_dead(self) -> int:
        """The dead are looked at and done with; how many."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete what left before then; how many."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeMessage:
    """A letter as it leaves: no personal data of citizens. ``message_id``: the same for the same letter."""

    message_id: str
    address: str
    subject: str
    text: str
    at: datetime


class NoticeSender(Protocol):
    """One way out."""

    @property
    def most_lines(self) -> int:
        """So many tickets are named in one message; the others are counted."""
        ...

    @property
    def at_once(self) -> int:
        """So many messages are on their way at once: one whose other side is silent holds up no other one."""
        ...

    @property
    def longest_s(self) -> float:
        """``send`` ends after so many seconds at the latest."""
        ...

    @property
    def ready(self) -> bool:
        """Whether this process can send by it now; others may."""
        ...

    async def send(self, message: NoticeMessage) -> None:
        """Hand it over, and wait for what becomes of it; ``TransientDeliveryError`` or ``PermanentDeliveryError``."""
        ...

    async def aclose(self) -> None:
        """Close what is open."""
        ...
