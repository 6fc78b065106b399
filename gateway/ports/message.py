"""Written conversations: what a text channel hands in, what it is asked to send, and what it may rely on.

A channel verifies and translates; conversation rules, flows, downloads, retries, windows and receipts are the house's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.keys import Identity
from gateway.domain.reply_window import ReplyWindow as ReplyWindow  # noqa: PLC0414 - channels state it to their port


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """A picture, voice message or file: its bytes (``data``), or what ``TextChannel.fetch`` needs to get them later."""

    ref: str = ""
    media_type: str | None = None
    """As the provider says; the house looks at the content itself."""
    name: str | None = None
    size: int | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place that the person sent; ``crs`` is wgs84, gcj02 or bd09."""

    lat: float
    lon: float
    crs: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One message or event of a person, verified and translated.

    ``external_id`` is unique within the channel instance; ``sender`` is the provider's id of the person there.
    """

    channel: str
    channel_id: str
    external_id: str
    sender: str
    received_at: datetime
    sent_at: datetime | None = None
    """The provider's time; orders messages that arrive out of order."""
    kind: str = "text"
    """text, image, voice, location, file or event."""
    text: str | None = None
    """What was written; a caption; a provider's own transcript of a voice message."""
    media: MediaRef | None = None
    location: Location | None = None
    event: str | None = None
    """For kind ``event``: edit, recall, subscribe, unsubscribe, menu, scan, unsupported, rating, end, and ``notice``:
    something technical or unknown that the provider told of the person, kept and never answered."""
    event_data: Mapping[str, Any] = field(default_factory=dict)
    """Non-personal details of the event, e.g. {"of": external_id of the message recalled} or {"satisfied": 4}."""
    choice: str | None = None
    """The key of a quick reply that was tapped."""
    opens: bool = True
    """False for events that are no contact by themselves (subscribe, menu view): they never open a ticket."""
    identities: tuple[Identity, ...] = ()
    name: str | None = None
    from_raw: str | None = None
    to_raw: str | None = None
    line: str = "citizen"
    flow: str = "chat"
    language: str | None = None
    """zh or en, where the channel knows in which one the person reads; what they write in comes first."""
    incomplete: bool = False
    """Parts of it never came (long SMS): the ticket says 部分缺失."""
    reply_context: Mapping[str, Any] = field(default_factory=dict)
    """What this channel needs to answer this very message; handed back in ``OutboundMessage.context``."""
    pulls: bool = False
    """The person's clients fetch what we write (``history``, ``watch``): an answer is sent when it is committed, and
    ``TextChannel.send`` only gets what is written to them otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a message came to. ``seq`` orders all messages of one sender and is what a client resumes from."""

    interaction_id: str | None
    ticket_id: str | None
    ticket_no: str | None
    seq: int
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What we want to say to a person."""

    message_id: str
    """Ours; a provider that takes an idempotency key gets this."""
    channel_id: str
    recipient: str
    """The ``sender`` of the messages it answers."""
    text: str
    quick_replies: tuple[tuple[str, str], ...] = ()
    """(key, label); a channel without buttons leaves them out, the text names the keys."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """``reply_context`` of the newest message of that person."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The provider has taken it; ``external_id`` is what its receipts will name."""

    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's word on a message we sent: delivered, read or failed."""

    channel_id: str
    external_id: str
    state: str
    at: datetime
    error: str | None = None
    also: tuple[str, ...] = ()
    """Other spellings under which the provider may have named the message when it took it, likeliest first."""
    recipient: str | None = None
    """The telephone that it is about; a message to another one is not meant, whatever its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message of a conversation as its person may see it again."""

    seq: int
    message_id: str
    direction: str
    sent_at: datetime
    kind: str
    text: str | None
    attachment_id: str | None
    external_id: str | None
    delivery: str | None
    ticket_no: str | None
    quick_replies: tuple[tuple[str, str], ...] = ()


class Conversations(Protocol):
    """The door for written conversations."""

    async def receive(self, message: InboundMessage) -> Received:
        """Write it durably, with the flow's answers. Returns after commit; only then may the provider be acknowledged.

        Raises ``StoreUnavailable`` (do not acknowledge), ``RejectedInput`` (acknowledge: it can never be stored),
        ``Conflict`` (the id came before with another content).
        """
        ...

    async def receipt(self, receipt: Receipt) -> None:
        """Note what became of a message; unknown ids are ignored."""
        ...

    async def history(self, channel_id: str, sender: str, *, after: int = 0, limit: int = 200) -> list[StoredMessage]:
        """Messages of a person here, oldest first, ``seq > after``."""
        ...

    def watch(self, channel_id: str, sender: str) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        """An iterator that yields whenever ``history`` may have something new; for channels that push to clients."""
        ...


class ChannelState(Protocol):
    """Small durable values of one channel instance (cursors, offsets), in SQL."""

    async def get(self, key: str) -> str | None:
        """A value, or None."""
        ...

    async def put(self, key: str, value: str) -> None:
        """Returns after commit."""
        ...

    async def put_new(self, key: str, value: str) -> str:
        """What is kept under ``key``: ``value``, unless somebody, in whichever process, came first. After commit."""
        ...


class SharedCache(Protocol):
    """Short-lived values and locks shared by processes (Valkey/Redis); when that is down, by this process only."""

    async def get(self, key: str) -> str | None:
        """A value that has not expired."""
        ...

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        """Keep for ``ttl_s`` seconds."""
        ...

    def lock(self, key: str, ttl_s: float) -> AbstractAsyncContextManager[bool]:
        """Hold a lock while inside; yields False when somebody else holds it. It ends by itself after ``ttl_s``."""
        ...


class ChannelHealth(Protocol):
    """What operations sees of a channel. Inbound, outbound and errors are counted by the house itself."""

    def token(self, *, ok: bool, expires_at: datetime | None = None) -> None:
        """The state of the provider's credential."""
        ...

    def connected(self, *, up: bool) -> None:
        """The state of a bound connection (SMPP, CMPP)."""
        ...

    def refused(self, reason: str) -> None:
        """A delivery was refused: bad_signature, replay, malformed, rate."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextServices:
    """What the house gives to a text channel, in ``ChannelContext.text``."""

    conversations: Conversations
    state: ChannelState
    cache: SharedCache
    public_url: str
    """How providers reach us; a channel's own address is ``{public_url}/hooks/{channel_id}``."""
    health: ChannelHealth


class TextChannel(Protocol):
    """What a channel that converses offers besides ``ports.channel.Channel``."""

    window: ReplyWindow | None
    """None: it may always write."""

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand one message to the provider.

        ``TransientDeliveryError`` (with ``retry_after_s`` when throttled) or ``PermanentDeliveryError``. Retries,
        back-off, order per recipient and the window are the house's.
        """
        ...

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """The bytes of a medium that came as a reference; the same errors as ``send``."""
        ...
