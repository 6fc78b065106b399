"""The port of channels: an adapter translates a provider's protocol into it and does nothing else (docs/design.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from gateway.domain.keys import Identity
from gateway.ports.call import CallHandler
from gateway.ports.clock import Clock
from gateway.ports.message import ReplyWindow, TextServices
from gateway.ports.refused_call import OnRefusedCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file that came with a contact and is on disk already; ``media_type`` is what its content says."""

    name: str
    media_type: str
    bytes: int
    sha256: str
    location: str
    """Where it lies (attachments port)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundContact:
    """A contact as a provider delivered it, already verified and translated.

    ``external_id`` is unique within the channel; ``body_sha256`` lets a replay be told from another body.
    """

    channel: str
    channel_id: str
    external_id: str
    received_at: datetime
    content: str
    source_name: str | None = None
    source_event_id: str | None = None
    from_raw: str | None = None
    to_raw: str | None = None
    sent_at: datetime | None = None
    line: str = "citizen"
    conversation_id: str | None = None
    requester: Mapping[str, Any] = field(default_factory=dict)
    place: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Mapping[str, Any], ...] = ()
    """Files that stay at their source: name, media_type, url."""
    files: tuple[ReceivedFile, ...] = ()
    identities: tuple[Identity, ...] = ()
    """Ways to recognise the requester besides the phone."""
    raw_location: str | None = None
    """Coordinates as the source gave them, where ``place`` holds converted ones."""
    also: tuple[str, ...] = ()
    """Further external ids under which this contact can be found."""
    category: Mapping[str, Any] = field(default_factory=dict)
    demand_type: str | None = None
    body_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What ``accept`` came to; ``replayed`` when the delivery had been seen."""

    ticket_id: str
    ticket_no: str
    interaction_id: str | None
    replayed: bool
    emergency: str | None = None
    """The number to call at once, when danger to life was spoken of: whoever hands the contact in has to tell it."""


class Intake(Protocol):
    """The one door of the house."""

    async def accept(self, contact: InboundContact) -> Accepted:
        """Write the contact durably. Returns only after commit; only then may the adapter acknowledge its provider."""
        ...


class PhoneBook(Protocol):
    """SIP phones of our own and their registrations."""

    async def phone_secret(self, username: str, realm: str) -> str | None:
        """HA1 = MD5(username:realm:password) in lower-case hex (RFC 2617 3.2.2.2), or None for no such phone."""
        ...

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        """Store a binding (RFC 3261 10.3); ``expires_at`` None removes it."""
        ...

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:
        """Live contacts of a phone with their expiry."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelContext:
    """What the house hands to a channel when it builds one."""

    channel_id: str
    clock: Clock
    data_dir: Path
    draining: Callable[[], bool]
    """True once SIGTERM was read: refuse new calls with 503."""
    phones: PhoneBook
    gauge: Callable[[str, float], None]
    """Set a gauge of ``gateway.telemetry.metrics`` by name for this channel, e.g. ("gateway_calls_active", 3)."""
    intake: Intake | None = None
    """Who takes contacts; None in a process that only answers calls."""
    calls: CallHandler | None = None
    """Who answers calls; None in a process without the role ``voice``."""
    refused: OnRefusedCall | None = None
    """Told of calls that were refused for want of room; None where nobody keeps them."""
    process: str = "gateway"
    """What this process is called in names of files: no other one, here or on another machine, writes to them."""
    text: TextServices | None = None
    """What written channels use; None where only calls are taken."""


class Channel(Protocol):
    """A running channel instance."""

    async def run(self) -> None:
        """Serve until cancelled. An exception makes the supervisor build and start the channel anew, with back-off."""
        ...

    async def ready(self) -> bool:
        """Whether its listeners are up. Never waits for a provider."""
        ...

    async def aclose(self, *, drain_s: float) -> None:
        """Stop taking work, let live work end for at most ``drain_s`` seconds, close every socket."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSource:
    """A system that signs the contacts which it hands over, also at ``POST /api/v1/contacts``."""

    name: str
    """``source.name`` of its contacts; one channel alone may have it."""
    secret: str = field(repr=False)
    previous_secret: str | None = field(default=None, repr=False)
    """Taken as well while the secret is being changed."""
    called_back: bool
    """Whether the channel can tell it what became of a contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSource:
    """A source of contacts that the configuration names, and the channel its answers go back by."""

    channel_id: str
    secret: str = field(repr=False)
    previous_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What an instance that takes calls binds on this machine, and whom it lets in."""

    host: str
    port: int
    """UDP and TCP; 0: any free one."""
    audio: tuple[int, int]
    """First and last UDP port of audio; (0, 0): any free ones. A call takes an even one and the next."""
    calls: int
    """At once, at most."""
    trunks: tuple[str, ...]
    """Who may call; empty: everybody."""
    public: tuple[str, ...]
    """Those of its addresses that belong to the internet."""


class Entrance(StrEnum):
    """Under which path an instance is reached by HTTP, and by whom. It is at one of them and not at the other."""

    HOOKS = "hooks"
    """``/hooks/{channel_id}``: its provider."""
    CHAT = "chat"
    """``/chat/{channel_id}``: web clients; the channel looks after its own time limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAccess:
    """How an instance is reached by HTTP."""

    entrance: Entrance = Entrance.HOOKS
    body_bytes: int = 65_536
    """The largest body that it takes; 413 beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a running instance can do besides ``Channel``, as its SPEC says."""

    http: HttpAccess | None = None
    converses: bool = False


S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec(Generic[S]):
    """What ``channels/<kind>/__init__.py`` exports as ``SPEC``; ``kind`` equals the folder's name."""

    kind: str
    settings: type[S]
    """A pydantic model (extra="forbid", frozen) of the ``[[channel]]`` table without ``id`` and ``kind``."""
    build: Callable[[S, ChannelContext], Channel]
    """The class itself, or a function that says in its annotation which classes it builds: they are held against what
    is declared here."""
    role: str
    """The role it runs in: ``voice``, ``web`` or ``worker``."""
    single_owner: bool | Callable[[S], bool] = False
    """Whether only one process at a time may run an instance (polling, SMPP, cursors); may depend on its settings."""
    http: Callable[[S], HttpAccess | None] | None = None
    """How an instance with these settings is reached by HTTP; its class is an ``edge.http_channel.HttpChannel``."""
    converses: bool = False
    """Whether it sends what we write and fetches what people sent: its classes are ``ports.message.TextChannel``s."""
    window: ReplyWindow | None = None
    """In which its provider lets us answer, where it ``converses``: that of its instances (``TextChannel.window``)."""
    read_for_s: float | None = None
    """So long after somebody wrote here they still look; None: what is sent reaches them wherever they are."""
    flow: Callable[[S], str] | None = None
    """The flow that answers at an instance."""
    realm: Callable[[S], str] | None = None
    """Where telephones of ours register with an instance: in which realm their password holds (RFC 2617)."""
    source: Callable[[S], ContactSource] | None = None
    """The system behind an instance, where instances stand for systems that sign what they send."""
    reaches_phones: bool = False
    """Whether it can write to any telephone number: it takes over where another channel's reply window has closed."""
    widget: bool = False
    """Whether it serves a widget for web pages: the first instance's is ``/static/widget.js``."""
    listens: Callable[[S], Listening] | None = None
    """What an instance with these settings binds, where it binds sockets of its own."""
    probe: Callable[[S], Awaitable[str]] | None = None
    """Ask the provider whether it takes our credentials, for ``gateway doctor --providers``: what it said, in words.

    Raises ``GatewayError`` or ``OSError`` when it refuses or cannot be reached. Nothing is sent to anybody, and it is
    not asked while an instance says that it is ``connected``: a bind exists once.
    """
    description: str = ""

    def owned(self, settings: S) -> bool:
        """Whether an instance with these settings may run in one process only."""
        return self.single_owner(settings) if callable(self.single_owner) else self.single_owner
