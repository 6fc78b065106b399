"""The frames of a chat, the same over WebSocket, server-sent events and POST (README.md lists them)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from channels.webchat.answers import Refusal
from gateway.domain.ids import rfc3339
from gateway.domain.keys import Identity
from gateway.ports.message import InboundMessage, Location, MediaRef, StoredMessage

VERSION = 1
_MOST_AGE_MS = 7 * 86_400_000
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


Language = Literal["zh", "en"]


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(_Frame):
    """First frame of a socket."""

    t: Literal["hello"]
    token: Annotated[str, Field(max_length=200)]
    last_seq: Annotated[int, Field(ge=0)] = 0
    v: Literal[1] = 1


class _Kept(_Frame):
    """What is stored. ``id`` is the client's own and makes sending again harmless."""

    id: ClientId
    age_ms: Annotated[int, Field(ge=0)] = 0
    """How long it waited in the browser, by the browser's clock: no clock has to be right."""
    lang: Language | None = None
    """The language of the page, or the browser's: in which it is answered, unless the words are in the other one."""


class Text(_Kept):
    """Words, or a tapped quick reply."""

    t: Literal["text"]
    text: Annotated[str, Field(min_length=1)]
    choice: Annotated[str, Field(max_length=64)] | None = None


class PlaceFrame(_Kept):
    """Where the person is; browsers speak WGS-84 (W3C Geolocation)."""

    t: Literal["location"]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    accuracy_m: Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)] | None = None
    label: Annotated[str, Field(max_length=200)] | None = None


class Rating(_Kept):
    """How it was, at the end."""

    t: Literal["rating"]
    satisfied: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=1000)] | None = None


class EndFrame(_Kept):
    """The person has finished."""

    t: Literal["end"]


class Typing(_Frame):
    """Ephemeral."""

    t: Literal["typing"]
    on: bool


class SeenFrame(_Frame):
    """Everything up to ``upto`` has arrived (``got``) or was looked at (``read``)."""

    t: Literal["got", "read"]
    upto: Annotated[int, Field(ge=0)]


class Beat(_Frame):
    """Are you there? Answered with the same."""

    t: Literal["beat"]


Kept = Text | PlaceFrame | Rating | EndFrame
Frame = Annotated[Hello | Text | PlaceFrame | Rating | EndFrame | Typing | SeenFrame | Beat, Field(discriminator="t")]
_FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)


def parse(raw: str | bytes) -> Hello | Kept | Typing | SeenFrame | Beat:
    """One frame; a 422 that says what is wrong without repeating the words."""
    try:
        return _FRAME.validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refusal(422, "malformed", f"{where or 'frame'}: {first['msg']}") from None


def _base(
    *,
    channel_id: str,
    sender: str,
    client_id: str,
    now: datetime,
    age_ms: int,
    line: str,
    flow: str,
    language: Language | None,
) -> dict[str, Any]:
    return {
        "channel": "webchat",
        "channel_id": channel_id,
        "external_id": f"{sender}:{client_id}",
        "sender": sender,
        "received_at": now,
        "sent_at": now - timedelta(milliseconds=min(age_ms, _MOST_AGE_MS)),
        "identities": (Identity(kind="webchat", value=sender),),
        "line": line,
        "flow": flow,
        "language": language,
        "pulls": True,
    }


def inbound(
    frame: Kept, *, channel_id: str, sender: str, now: datetime, line: str, flow: str, language: Language | None
) -> InboundMessage:
    """A frame as ``InboundMessage``."""
    base = _base(
        channel_id=channel_id,
        sender=sender,
        client_id=frame.id,
        now=now,
        age_ms=frame.age_ms,
        line=line,
        flow=flow,
        language=language,
    )
    match frame:
        case Text():
            return InboundMessage(**base, text=frame.text, choice=frame.choice)
        case PlaceFrame():
            place = Location(lat=frame.lat, lon=frame.lon, crs="wgs84", label=frame.label)
            return InboundMessage(**base, kind="location", text=frame.label, location=place)
        case Rating():
            data = {"satisfied": frame.satisfied}
            return InboundMessage(
                **base, kind="event", event="rating", event_data=data, text=frame.comment, opens=False
            )
        case EndFrame():
            return InboundMessage(**base, kind="event", event="end", opens=False)


def inbound_media(
    *,
    kind: str,
    media: MediaRef,
    client_id: str,
    channel_id: str,
    sender: str,
    now: datetime,
    age_ms: int,
    line: str,
    flow: str,
    language: Language | None,
) -> InboundMessage:
    """An upload as ``InboundMessage``."""
    base = _base(
        channel_id=channel_id,
        sender=sender,
        client_id=client_id,
        now=now,
        age_ms=age_ms,
        line=line,
        flow=flow,
        language=language,
    )
    return InboundMessage(**base, kind=kind, media=media)


def shown(message: StoredMessage, sender: str) -> dict[str, Any]:
    """A stored message as its person's browser gets it."""
    mine = message.direction == "inbound"
    frame: dict[str, Any] = {
        "t": "message",
        "seq": message.seq,
        "id": message.message_id,
        "from": "you" if mine else "us",
        "kind": message.kind,
        "text": message.text,
        "at": rfc3339(message.sent_at),
        "ticket_no": message.ticket_no,
    }
    if mine:
        frame["client_id"] = (message.external_id or "").removeprefix(f"{sender}:")
    else:
        frame["read"] = message.delivery == "read"
    if message.quick_replies:
        frame["quick_replies"] = [{"key": key, "label": label} for key, label in message.quick_replies]
    return frame
