"""The dependencies of the web handlers; bootstrap passes them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Protocol

from gateway.casework.acting import Acting
from gateway.casework.dispatcher import Dispatcher
from gateway.casework.judging_links import JudgingLinks
from gateway.edge.http_channel import HttpEntry
from gateway.edge.system_clock import SystemClock
from gateway.intake.ticket.erase import Erasure
from gateway.intake.ticket.similar import SimilarTickets
from gateway.ports.attachments import Attachments
from gateway.ports.audit import AuditTrail
from gateway.ports.case_clocks import OverdueClocks
from gateway.ports.cases import CaseLists
from gateway.ports.channel import Intake, SigningSource
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import AttachmentStore
from gateway.ports.feed import DeliveryStore
from gateway.ports.login_attempts import DeviceStore, LoginAttempts
from gateway.ports.notices import NoticeStore
from gateway.ports.recordings import Recordings
from gateway.ports.refused_call import RefusedCallStore
from gateway.ports.sessions import SessionStore
from gateway.ports.store import CommandStore, TicketReader
from gateway.ports.tokens import TokenStore
from gateway.ports.users import UserStore
from gateway.telemetry.alarms import Ringing, ringing
from gateway.telemetry.exposition import exposition, measured
from gateway.web.catalogue import Catalogue
from gateway.web.reportable import Open311


class RunningChannels(Protocol):
    """The channel instances of this process."""

    def http(self, channel_id: str) -> HttpEntry | None:
        """The one of this id, when it is reached by HTTP."""
        ...

    def expects(self, channel_id: str) -> bool:
        """Whether it should run here, though it may not do so at this moment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may ask of us; rates are per second with a burst of twice as much."""

    contacts_per_s: float = 5000.0
    """Contacts of one token or signing source."""
    requests_per_s: float = 1000.0
    """Everything else of one token or user."""
    failures_per_s: float = 5.0
    """Requests without valid credentials from one address, log-ins included."""
    body_bytes: int = 1_048_576
    """The largest request body; 413 beyond it."""
    handler_s: float = 30.0
    """The longest an ordinary request may take, its body included; 408 or 503 beyond it."""
    upload_s: float = 630.0
    """The same for what web clients send to a channel, which has finer limits of its own (at most 600 s)."""
    streams: int = 500
    """Event streams at once in this process."""
    streams_per_client: int = 20
    heartbeat_s: float = 15.0
    """A silent stream says this often that it lives."""
    stall_s: float = 30.0
    """A peer that takes no bytes for so long, or has not sent a whole request head by then, is cut off."""


async def _own_metrics() -> bytes:
    return exposition({"web": measured()})


async def _own_alarms() -> list[Ringing]:
    return ringing(measured())


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseServices:
    """What handlers of cases use."""

    acting: Acting
    lists: CaseLists
    overdue: OverdueClocks

    @property
    def dispatcher(self) -> Dispatcher:
        """What the tables in force say."""
        return self.acting.dispatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class WebServices:
    """Everything that handlers use. ``ready`` tells which parts are up, by name; it never waits for a provider."""

    intake: Intake
    store: CommandStore
    reader: TicketReader
    users: UserStore
    sessions: SessionStore
    tokens: TokenStore
    login_attempts: LoginAttempts
    devices: DeviceStore
    audit: AuditTrail
    deliveries: DeliveryStore
    refused_calls: RefusedCallStore
    notices: NoticeStore
    recordings: Recordings
    ready: Callable[[], Awaitable[dict[str, bool]]]
    clock: Clock = field(default_factory=SystemClock)
    metrics: Callable[[], Awaitable[bytes]] = _own_metrics
    """What ``/metrics`` says: the measures of every process of this machine."""
    alarms: Callable[[], Awaitable[list[Ringing]]] = _own_alarms
    """What alarms in any of them."""
    public_url: str = ""
    """How the world reaches us; empty = relative links."""
    session_ttl_s: int = 43_200
    """A desk login lasts so long at most …"""
    session_idle_s: int = 1800
    """… and ends when it was not used for so long."""
    trusted_proxies: tuple[str, ...] = ()
    """CIDRs whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    zone: tzinfo = UTC
    """The city's time zone, for the desk."""
    limits: Limits = field(default_factory=Limits)
    similar: SimilarTickets | None = None
    """The index of open tickets; None: nothing is similar to anything."""
    channels: RunningChannels | None = None
    widget_channel: str | None = None
    """The channel that gives ``/static/widget.js`` away."""
    attachments: AttachmentStore | None = None
    channels_report: Callable[[], Awaitable[list[dict[str, Any]]]] | None = None
    """How every configured channel is, whichever process of this machine runs it."""
    files: Attachments | None = None
    """Where files of contacts go; None: none are taken."""
    open311: Open311 = field(default_factory=Open311)
    """How the city appears to Open311 clients."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    """What a form may choose from."""
    cases: CaseServices | None = None
    """None: nothing is done about cases here."""
    erasure: Erasure | None = None
    """What erases a person's data; None: nothing is erased here."""
    judging: JudgingLinks | None = None
    """The addresses at which replies are judged; None: none are known here."""
    sources: Mapping[str, SigningSource] = field(default_factory=dict)
    """Signing sources of the configuration by name; those made by ``gateway tokens create --hmac`` are in SQL."""

    @property
    def unit_names(self) -> Mapping[str, str]:
        """Of every unit by its code: of the directory in force, or of the installation's file."""
        imported = self.cases.dispatcher.unit_names if self.cases is not None else {}
        return imported or self.catalogue.unit_names
