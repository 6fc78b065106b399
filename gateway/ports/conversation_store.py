"""What the conversation core reads and leases beside ``CommandStore``; ``gateway.storage`` implements it on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.case.replies import ToJudge
from gateway.domain.keys import Identity
from gateway.ports.message import StoredMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketBrief:
    """A ticket as a conversation speaks of it."""

    ticket_id: str
    ticket_no: str
    status: str
    title: str | None
    created_at: datetime
    callback: str | None
    """State of its callback task, if it has one."""
    callback_phone: str | None
    """Where that task calls; None: nowhere yet."""
    by_message: bool
    """Its requester wants an answer in writing rather than a call."""
    public_reply: str | None
    head: str | None = None
    """The ticket in which it is handled, where it went into another one; ``status`` is that one's."""
    due_at: datetime | None = None
    """The first unit that owes a reply owes it by then."""
    unit: str | None = None
    """Code of the unit that leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """Where one person stands on one channel instance."""

    ticket_id: str | None = None
    """The newest ticket and interaction of the thread; None: never heard of."""
    ticket_no: str | None = None
    interaction_id: str | None = None
    open_interaction_id: str | None = None
    open_ticket_id: str | None = None
    dialogue: str | None = None
    dialogue_no: int = 0
    phone_known: bool = False
    """Whether one can call this person."""
    tickets: tuple[TicketBrief, ...] = ()
    """Their unfinished tickets on any channel, newest first, and those asked for by number if theirs."""
    last_seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredHere:
    """The newest reply that a person got on one channel instance, and where that was told."""

    to_judge: ToJudge
    ticket_id: str
    interaction_id: str
    is_last: bool
    """Whether nothing was written to them since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleConversation:
    """An open conversation in which nothing has been written for a while."""

    interaction_id: str
    ticket_id: str
    channel_id: str
    external_id: str
    dialogue: str | None
    started_at: datetime


class ConversationStore(Protocol):
    """Reading conversations."""

    async def thread(
        self, channel_id: str, sender: str, *, identities: Sequence[Identity], ticket_nos: Sequence[str]
    ) -> ThreadView:
        """Everything that a message of ``sender`` may depend on."""
        ...

    async def answered_here(self, channel_id: str, sender: str, now: datetime) -> AnsweredHere | None:
        """The newest reply among the last things that ``sender`` was written until ``now``."""
        ...

    async def seq_of(self, channel_id: str, sender: str, external_id: str) -> int:
        """The thread number of an inbound message; 0 for one that is not there."""
        ...

    async def history(self, channel_id: str, sender: str, *, after: int, limit: int) -> list[StoredMessage]:
        """See ``ports.message.Conversations.history``."""
        ...

    async def idle(self, before: datetime, limit: int = 100) -> list[IdleConversation]:
        """Open conversations whose newest message is older than ``before``."""
        ...

    async def receipted(self, channel_id: str, external_id: str) -> SentMessage | None:
        """The message that a provider's receipt names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """Where a message of ours belongs."""

    message_id: str
    ticket_id: str
    interaction_id: str
    recipient: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A leased message that has to be sent."""

    message_id: str
    channel_id: str
    recipient: str
    ticket_id: str
    interaction_id: str
    text: str
    quick_replies: tuple[tuple[str, str], ...]
    attempts: int
    created_at: datetime
    context: Mapping[str, Any] = field(default_factory=dict)
    heard: tuple[tuple[datetime, tuple[int, float] | None], ...] = ()
    """Messages of the person that opened a window, with the window where it is not the channel's own."""
    sent: tuple[datetime, ...] = ()
    """When we wrote to this person since the first of ``heard``."""
    phone: str | None = None
    """Where else the person can be reached."""
    outdated: bool = False
    """It is a reply that stands no more: its case was reopened since, or answered anew."""
    trace: str | None = None
    """The id of the contact that it answers in the logs."""


class OutboxStore(Protocol):
    """What is to be sent. What becomes of it is a command (``BookDelivery``)."""

    async def lease(
        self, channel_ids: Sequence[str], owner: str, *, recipients: int, lease_s: float
    ) -> list[list[OutboxRow]]:
        """Messages to at most so many recipients, one list each, in order; only those whose first one is due."""
        ...

    async def again(self, message_ids: Sequence[str], *, retry_in_s: float, error: str | None) -> None:
        """Give leased messages back. With ``error`` the first of them has failed once more."""
        ...

    async def pending(self) -> dict[str, int]:
        """Queued messages by channel."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete what was sent or given up before; the record keeps the messages."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRow:
    """An attachment as its worker and the API see it."""

    attachment_id: str
    ticket_id: str
    interaction_id: str
    message_id: str
    channel_id: str
    kind: str
    ref: str
    name: str | None
    media_type: str | None
    bytes: int | None
    sha256: str | None
    location: str | None
    error: str | None
    todo: str | None
    attempts: int
    created_at: datetime
    sender: str | None = None
    """Whose thread it came in."""
    message_text: str | None = None
    """What its message says without it: a caption, a provider's transcript."""
    others_waiting: bool = False
    """Other voice messages of the ticket are still to be heard."""
    decodings: int = 0
    """How often it was taken up to be decoded without coming through, this time included."""


@dataclass(frozen=True, slots=True)
class WaitingVoice:
    """The oldest voice message of a person that is due to be heard."""

    attachment_id: str
    requester_id: str


class AttachmentStore(Protocol):
    """Attachments and what remains to be done with them."""

    async def lease(self, owner: str, *, limit: int, lease_s: float, channel_ids: Sequence[str]) -> list[AttachmentRow]:
        """Attachments of these channels that are due to be fetched."""
        ...

    async def waiting(self, limit: int, *, lease_s: float) -> list[WaitingVoice]:
        """One voice message for each person that has any due, oldest first; ``lease_s`` is what they are leased for."""
        ...

    async def lease_voice(self, owner: str, attachment_id: str, *, lease_s: float) -> AttachmentRow | None:
        """Take up a voice message and count that; None when somebody else was faster."""
        ...

    async def decoded(self, attachment_id: str) -> None:
        """It came through its decoder: nothing counts against it."""
        ...

    async def again(self, attachment_id: str, *, retry_in_s: float, error: str) -> None:
        """It failed this time."""
        ...

    async def get(self, attachment_id: str) -> AttachmentRow:
        """``NotFound``."""
        ...

    async def names(self, sha256: str, location: str) -> bool:
        """Whether any attachment is this file."""
        ...


class ChannelStates(Protocol):
    """Small durable values of channels."""

    async def get(self, channel_id: str, key: str) -> str | None:
        """A value, or None."""
        ...

    async def put(self, channel_id: str, key: str, value: str) -> None:
        """Returns after commit."""
        ...

    async def put_new(self, channel_id: str, key: str, value: str) -> str:
        """What is kept under ``key``: ``value``, unless somebody, in whichever process, came first. After commit."""
        ...
