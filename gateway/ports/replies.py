"""Who is to hear the reply of a ticket, and how they can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.form import Form
from gateway.domain.reply_window import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where somebody wrote to us."""

    channel_id: str
    sender: str
    heard: tuple[Heard, ...] = ()
    """Messages of theirs that opened a window."""
    sent: tuple[datetime, ...] = ()
    """When we wrote to them since the first of ``heard``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """The requester of one ticket."""

    ticket_id: str
    ticket_no: str
    requester_id: str
    status: str
    channel_id: str
    event_id: str | None
    """Under which the platform that handed it over knows it."""
    interaction_id: str | None
    """The newest one."""
    account: Account | None
    phone: str | None
    """A number that is surely theirs."""
    callable: bool
    """Some number is known at which they may be reached."""
    form: Form
    """What the ticket says."""
    erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A ticket that was answered, with everybody who is to hear it."""

    ticket_id: str
    status: str
    reply_id: str | None
    """The newest reply; None: none was given."""
    text: str | None
    people: tuple[tuple[str, ...], ...] = field(default=())
    """Ids of its own ticket and of those that went into it, of each requester together; none without a reply."""


class ReplyReads(Protocol):
    """Reads about replies."""

    async def answered(self, ticket_id: str, *, newcomers: bool = False) -> Answered:
        """The ticket, or the one that it went into in the end; ``NotFound``.

        ``newcomers``: of the people those alone who came with ``ticket_id``, which may have brought others along.
        """
        ...

    async def reporters(self, ticket_ids: Sequence[str]) -> list[Reporter]:
        """In the order of their numbers; those that are not there are left out."""
        ...
