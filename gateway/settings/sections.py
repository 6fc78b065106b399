"""The sections of ``config/gateway.toml``. Every key is typed, closed and has a default that works."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import date, time
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, field_validator, model_validator

from gateway.domain.hours import parse_span

INSTALLATION = Path(__file__).resolve().parents[2]
"""Where flows, prompts, taxonomy and models of this installation lie, whatever the current folder is."""

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Section(BaseModel):
    """Closed and immutable: an unknown key is a mistake, reported with its path."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class HttpSection(Section):
    """``[http]``: API, desk, health and metrics."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = ""
    """How the world reaches us, for links in feeds and behind a proxy; empty = http://host:port."""
    session_ttl_s: int = Field(43_200, ge=60)
    session_idle_s: int = Field(1800, ge=60)
    """A desk login that was not used for so long ends, also before ``session_ttl_s``."""
    trusted_proxies: tuple[str, ...] = ()
    """CIDRs whose X-Forwarded-For is believed."""


class HealthSection(Section):
    """``[health]``: what a process that runs apart and serves no ``[http]`` answers to monitoring.

    ``/healthz``, ``/readyz`` and ``/metrics`` of ``gateway run --role voice`` (or ``worker``, ``asr``). Under ``gateway
    run`` the ``[http]`` port answers for every process of the machine, and this one stays closed.
    """

    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65535)
    """0 = not served."""


class DatabaseSection(Section):
    """``[database]``: the record of truth."""

    url: str = ""
    """Empty = SQLite in data_dir; otherwise ``postgresql+asyncpg://user:password@host/name``."""
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    """SQLite only. NORMAL may lose the last commits on power loss: for trials, never for a city."""


class RedisSection(Section):
    """``[redis]``: the live waiting room and wake-ups, never the record."""

    url: str = ""
    """Empty = embedded Valkey in data_dir; ``redis://``, ``rediss://``, ``redis+sentinel://``, ``redis+cluster://``."""


def on_loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than ``localhost`` may be anybody's."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class AsrSection(Section):
    """``[asr]``: recognition. ``workers = 0`` without a ``url``: no recogniser, calls go on, tickets say pending."""

    engine: Identifier = "whisper"
    languages: tuple[Literal["zh", "en", "ko"], ...] = ("zh", "en")
    workers: int | None = Field(None, ge=0, le=64)
    """Recogniser processes of this machine; None: one, or none where ``url`` names others. See ``workers_here``."""
    url: str = ""
    """``ws://`` or ``wss://`` servers of vosk-server's protocol, comma-separated; used besides this machine's own."""
    token: SecretStr = SecretStr("")
    """Bearer token: what ours ask for, and what we show to every recogniser."""
    ca_file: Path | None = None
    """PEM: the CA that signed the certificates of ``wss://`` recognisers; empty = those that this machine trusts."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Keys of the engine's own, e.g. ``[asr.options] model = "vosk-model-small-cn-0.22"``; checked by the engine."""
    mirror: str = ""
    """Where model files are fetched from when the packages cannot be had."""
    hotwords: tuple[str, ...] = ()
    """Words the recogniser should prefer, where its engine takes any."""
    domain_hotwords: bool = False
    """Add the names and words of gazetteer, taxonomy and units to them. Off: whisper hears the rest worse (README)."""
    nice: int = Field(10, ge=0, le=19)

    @field_validator("url")
    @classmethod
    def _websockets(cls, value: str) -> str:
        for url in _listed(value):
            if urlsplit(url).scheme not in {"ws", "wss"} or not urlsplit(url).hostname:
                raise ValueError(f"{url!r} is no address of a recogniser: ws://host:port or wss://host:port")
        return value

    @property
    def urls(self) -> list[str]:
        """The recognisers elsewhere."""
        return _listed(self.url)

    @property
    def workers_here(self) -> int:
        """How many recogniser processes this machine runs."""
        if self.engine == "remote":
            return 0
        return self.workers if self.workers is not None else int(not self.urls)


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


class AsrServerSection(Section):
    """``[asr_server]``: where other machines reach this machine's recognisers. They bring ``[asr] token``."""

    host: str = "127.0.0.1"
    port: int = Field(0, ge=0, le=65_000)
    """Of ``asr-0``; ``asr-1`` takes the next one, and so on. 0 = no other machine is served."""
    cert_file: Path | None = None
    """PEM, with its chain; with ``key_file``: TLS. Both are read anew at SIGHUP."""
    key_file: Path | None = None
    allow_insecure: bool = False
    """Off the loopback without TLS or token all the same: speech is personal data, so only inside a closed network."""
    max_streams: int = Field(1000, ge=1, le=10_000)
    """Of one process, this machine's included; further calls go to other recognisers, catch-up makes way for calls."""

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        return self


class RecordingSection(Section):
    """``[recording]``: call audio on disk."""

    dir: Path | None = None
    """A local or shared folder; empty = ``recordings`` in data_dir."""
    min_free_percent: float = Field(5.0, ge=0, le=90)
    """Below this share of free disk an alarm is raised and new calls are not recorded."""
    retention_days: int = Field(180, ge=1)
    """Recordings and SIP traces older than this are deleted; tickets and text stay."""


class AttachmentsSection(Section):
    """``[attachments]``: pictures, voice messages and files that people sent."""

    dir: Path | None = None
    """A local or shared folder; empty = ``attachments`` in data_dir."""
    min_free_percent: float = Field(5.0, ge=0, le=90)
    """Below this share of free disk an alarm is raised and no files are taken: senders and providers try again."""
    retention_days: int = Field(0, ge=0)
    """Files older than this are deleted, with the text of long messages; 0 = they stay as tickets do."""


class RetentionSection(Section):
    """``[retention]``: how long people's own data are kept."""

    personal_days: int = Field(0, ge=0)
    """Closed tickets that nobody has altered for so long are erased: texts, names, numbers, files; 0 = they stay."""


class CallsSection(Section):
    """``[calls]``: how a call lives."""

    lease_s: float = Field(15.0, ge=2)
    """An owner that has not renewed for this long is dead; any worker closes its calls as interrupted."""
    drain_s: float = Field(180.0, ge=0)
    """After SIGTERM live calls have this long to end: one of ``hotline.yaml`` takes half a minute besides its talk."""
    callback_due_s: int = Field(1800, ge=60)
    """An abandoned caller should be called back within this time."""
    ring_s: float = Field(0.0, ge=0, le=30)
    """Ring this long before answering; 0 = answer at once."""
    sms_channel: str | None = None
    """Texts the ticket's number to mobile callers; unset: the only SMS channel, if there is exactly one; "": none."""


class ConversationsSection(Section):
    """``[conversations]``: written contacts, on every channel alike."""

    idle_close_s: float = Field(1800.0, ge=1)
    """A conversation in which nobody has written for so long is over; the next message opens another one."""
    max_attachment_bytes: int = Field(20 * 1024 * 1024, ge=1024, le=500 * 1024 * 1024)
    """Larger pictures, voice messages and files are refused, and their sender is told."""
    quiet_hours: str = Field("22:00-07:00", pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """Replies neither text nor call anybody in these hours of the city, unless the matter is urgent; "" = they do."""
    silent_alarm_s: float = Field(1800.0, ge=60)
    """A channel is not called silent before this; after it, when it is far beyond its usual pauses."""

    @property
    def quiet(self) -> tuple[time, time]:
        """When they begin and end; the same time twice: none are quiet."""
        if not self.quiet_hours:
            return time(), time()
        begin, end = map(time.fromisoformat, self.quiet_hours.split("-"))
        return begin, end


class Open311Section(Section):
    """``[open311]``: GeoReport v2 at ``/open311/v2``; its services are ``config/open311_services.csv``."""

    jurisdiction_id: str = "haikou.gov.cn"
    """Requests that name another jurisdiction are refused; empty = any name is taken."""
    contact: str = "12345"
    """The contact for an api_key, as discovery shows it."""
    public: Literal["none", "open311", "all"] = "open311"
    """Which tickets are read without an api_key; never those of requesters who asked to be kept secret."""


class TitleSection(Section):
    """``[title]``: a language model on the city's own network that may write titles; without a ``url``: none."""

    url: str = Field("", pattern=r"^(https?://\S+)?$")
    """OpenAI-compatible, up to where ``/chat/completions`` begins, e.g. ``http://10.0.0.5:8000/v1``."""
    model: str = ""
    """Its name there."""
    token: SecretStr = SecretStr("")
    timeout_s: float = Field(10.0, gt=0, le=120)
    """For one answer; a ticket is asked about once."""
    max_chars: int = Field(30, ge=8, le=100)
    """A longer title is refused."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.url and not self.model:
            raise ValueError("a url needs the model's name there: model = …")
        return self


class NoticesSection(Section):
    """``[notices]``: what units are told of their tickets, and how it leaves."""

    centre: str = ""
    """Code of the unit whose contacts are told of what is the centre's to decide; empty: it is seen at the desk."""
    supervision: str = ""
    """Code of the unit that is told of escalations to supervision (督查督办); empty: the centre is."""
    language: Literal["zh", "en"] = "zh"
    hours: tuple[str, ...] = ("mon-sun 07:00-22:00",)
    """When units that name no hours of their own take ordinary notices; urgent ones go at once. Empty: always."""
    pause_s: float = Field(600.0, ge=10, le=86_400)
    """After a letter a unit hears nothing more at an address for so long: what comes meanwhile is one letter."""
    urgent_pause_s: float = Field(60.0, ge=0, le=3600)
    """The same of what is urgent."""
    sms_channel: str | None = None
    """Texts contacts; unset: the only SMS channel, if there is exactly one; "": none."""
    robot_url: str = Field("https://qyapi.weixin.qq.com", pattern=r"^(https?://[^\s?#]+)?$")
    """Where the robots of WeCom groups are reached: WeCom itself or a proxy of the city's; empty: none are."""
    smtp_host: str = ""
    """The mail server; empty: no e-mail."""
    smtp_port: int = Field(587, ge=1, le=65_535)
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_ca_file: Path | None = None
    """PEM: the CA that signed the server's certificate; empty = those that this machine trusts."""
    smtp_from: str = ""
    """``name <address>``, or an address."""
    timeout_s: float = Field(10.0, gt=0, le=30)
    """For each step of a conversation with a mail server up to the mail, and for a robot's answer."""

    @field_validator("hours")
    @classmethod
    def _spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for span in value:
            parse_span(span)
        return value

    @model_validator(mode="after")
    def _mail(self) -> Self:
        if self.smtp_host and "@" not in parseaddr(self.smtp_from)[1]:
            raise ValueError("smtp_host needs smtp_from, the address that mail comes from")
        if self.smtp_user and self.smtp_tls == "none" and not on_loopback(self.smtp_host):
            raise ValueError("smtp_user without TLS would show the password to the network: set smtp_tls")
        return self


class LogSection(Section):
    """``[log]``."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    json_lines: bool = False
    show_pii: bool = False
    """Only for a developer's own machine."""


class TelemetrySection(Section):
    """``[telemetry]``."""

    otlp_endpoint: str = Field("", pattern=r"^(https?://[^\s/]+(/\S*)?)?$")
    """A collector's address for spans, e.g. ``http://127.0.0.1:4318``; empty: none are made."""


class KindTable(BaseModel):
    """What ``[[channel]]`` and ``[[feed]]`` share; keys besides those named here are checked by the kind."""

    model_config = ConfigDict(extra="allow", frozen=True)
    id: Identifier
    kind: Identifier
    _places: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @property
    def places(self) -> Mapping[str, str]:
        """Where keys came from that stand in the environment or in secret files."""
        return self._places

    def tell_places(self, places: Mapping[str, str]) -> None:
        """Set these places; called once by the loader."""
        self._places = places

    @property
    def options(self) -> dict[str, Any]:
        """The kind's own keys."""
        return dict(self.model_extra or {})


class ChannelTable(KindTable):
    """One ``[[channel]]``; keys besides these are the kind's own and checked by its settings model."""

    hours: tuple[str, ...] = ()
    """Calls only: when agents are on duty, e.g. ``mon-fri 08:30-17:30``, on the city's clocks; empty = always."""
    after_hours_flow: str = "after_hours"
    """Calls only: the flow that answers at other times."""
    holidays: tuple[date, ...] = ()
    """Calls only: days without agents on duty."""
    workdays: tuple[date, ...] = ()
    """Calls only: weekend days that are worked as a Monday is (调休)."""

    @field_validator("hours")
    @classmethod
    def _spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for span in value:
            parse_span(span)
        return value

    @model_validator(mode="after")
    def _days_of_what(self) -> Self:
        if not self.hours and self.model_fields_set & {"after_hours_flow", "holidays", "workdays"}:
            raise ValueError("after_hours_flow, holidays and workdays mean something with hours only")
        both = sorted(set(self.holidays) & set(self.workdays))
        if both:
            raise ValueError(f"{both[0]} stands in holidays and in workdays")
        return self


class FeedTable(KindTable):
    """One ``[[feed]]``; keys besides ``id`` and ``kind`` are checked by the feed kind."""


T = TypeVar("T", bound=KindTable)


def unique_ids(tables: tuple[T, ...]) -> tuple[T, ...]:
    """Refuse two tables with one id: rows in the record would not tell them apart."""
    ids = [table.id for table in tables]
    doubled = sorted({i for i in ids if ids.count(i) > 1})
    if doubled:
        raise ValueError(f"id used twice: {', '.join(doubled)}; give each table an id of its own")
    return tables
