"""The ``[[channel]]`` table of kind ``webchat``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?")
Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")


def _origin(value: str) -> str:
    """An origin as browsers write it (RFC 6454 section 6.2)."""
    if not _ORIGIN.fullmatch(value):
        raise ValueError("an origin looks like https://www.example.gov.cn, without a path")
    return value.lower()


def _in_each_language(value: object) -> object:
    """One text for every language may be written as a plain string."""
    return dict.fromkeys(LANGUAGES, value) if isinstance(value, str) else value


def _languages(value: Mapping[str, str]) -> Mapping[str, str]:
    if set(value) != set(LANGUAGES):
        raise ValueError(f"give a text for each of {', '.join(LANGUAGES)}, or one string for all")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
Words = Annotated[
    Mapping[Language, Annotated[str, StringConstraints(min_length=1, max_length=500)]],
    BeforeValidator(_in_each_language),
    AfterValidator(_languages),
]
_TITLE: dict[Language, str] = {"zh-CN": "12345 在线服务", "en": "12345 City Hotline"}
_GREETING: dict[Language, str] = {
    "zh-CN": "您好，这里是 12345。请直接说您遇到的事：在哪里、什么情况。您发出的第一条消息就会登记成工单，"
    "也可以附上照片、位置或语音。",
    "en": "Hello, this is 12345. Tell us what happened and where. Your first message becomes a ticket at once; you can "
    "add photos, your location or a voice message.",
}


class WebChatSettings(BaseModel):
    """How a web chat behaves; see README.md for advice on each key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flow: str = "chat"
    """The flow that answers."""
    line: Literal["citizen", "enterprise"] = "citizen"
    """For whom it answers."""
    allowed_origins: tuple[Origin, ...] = ()
    """Sites that may embed the widget; empty: every site. Our own page at ``/chat/{channel_id}`` always may."""
    title: Words = Field(default_factory=lambda: dict(_TITLE))
    """Head of the window."""
    greeting: Words = Field(default_factory=lambda: dict(_GREETING))
    """First bubble; shown by the widget, not stored."""
    proof: Literal["off", "altcha"] = "off"
    """Whether a new session must show proof of work (needs https on the embedding page)."""
    proof_numbers: Annotated[int, Field(ge=1_000, le=2_000_000)] = 50_000
    """How many hashes a proof costs at most; half of it on average."""
    session_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """A session that was not used for so long is over; the next visit begins a new one."""
    sessions_per_minute_per_ip: Annotated[float, Field(gt=0)] = 60
    """New sessions of one address, twice as many at once. Mobile networks put many people behind one address."""
    messages_per_minute: Annotated[float, Field(gt=0)] = 40
    """Messages of one session; half a minute's worth at once."""
    messages_per_minute_per_ip: Annotated[float, Field(gt=0)] = 6000
    """Messages of all sessions of one address."""
    uploads_per_minute: Annotated[float, Field(gt=0)] = 12
    """Pictures, voice messages and files of one session."""
    uploads_at_once: Annotated[int, Field(ge=1, le=500)] = 24
    """Uploads in hand in this process; they are held in memory, ``max_file_bytes`` each at most."""
    connections_per_session: Annotated[int, Field(ge=1)] = 8
    """Open tabs of one person."""
    connections_per_ip: Annotated[int, Field(ge=1)] = 2000
    """Open tabs of one address."""
    max_connections: Annotated[int, Field(ge=1)] = 10_000
    """Open tabs in this process."""
    silent_sockets_per_ip: Annotated[int, Field(ge=1)] = 100
    """Sockets of one address that have sent no ``hello`` yet."""
    max_silent_sockets: Annotated[int, Field(ge=1)] = 500
    """The same in this process."""
    hello_s: Annotated[float, Field(gt=0, le=60)] = 10
    """Seconds within which a socket must send ``hello``; it is closed otherwise."""
    max_text_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 131_072
    """Longest text, in UTF-8."""
    max_file_bytes: Annotated[int, Field(ge=1024, le=104_857_600)] = 10_485_760
    """Largest picture, voice message or file."""
    upload_s: Annotated[float, Field(gt=0, le=600)] = 120
    """An upload that takes longer is given up."""
    min_upload_bytes_per_s: Annotated[int, Field(ge=1)] = 1024
    """An upload that brings less in any ten seconds is given up, so that slow ones do not hold all places."""
    heartbeat_s: Annotated[float, Field(ge=1, le=300)] = 25
    """A silent connection says this often that it lives."""
