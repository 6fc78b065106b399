"""What a platform posts: a message of a conversation, a receipt, or a whole contact. Pure: no network, no clock."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from gateway.domain.keys import Identity
from gateway.domain.limits import HANDED_OVER_CHARS, LINE_CHARS, WORD_CHARS
from gateway.domain.said_at import EARLIEST, plausible
from gateway.edge.contact import TOO_LATE, ContactBody, Url
from gateway.edge.field_models import Closed, System
from gateway.ports.message import InboundMessage, Location, MediaRef, Receipt

EVENT = "event:"
"""Begins the recipient of what is told about a contact rather than to a person."""
Id = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LINE_CHARS)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LINE_CHARS)]


class MalformedBody(ValueError):
    """A body that is none of the three; the message names the places, never the values."""


class Point(Closed):
    """A place that was sent."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    crs: System
    label: Name | None = None


class Medium(Closed):
    """A file at the platform."""

    url: Url
    name: Name | None = None
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)] | None = None
    size: int | None = Field(None, ge=0)

    @property
    def kind(self) -> str:
        """The message kind."""
        family = (self.media_type or "").partition("/")[0]
        return {"image": "image", "audio": "voice"}.get(family, "file")


class Message(Closed):
    """One message of one person on the platform."""

    event_id: Id
    sender: Id
    sent_at: datetime | None = None
    text: Annotated[str, StringConstraints(max_length=HANDED_OVER_CHARS)] | None = None
    media: Medium | None = None
    location: Point | None = None
    choice: Name | None = None
    event: Literal["end"] | None = None
    name: Name | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=WORD_CHARS)] | None = None

    @field_validator("sender")
    @classmethod
    def _is_a_person(cls, value: str) -> str:
        if value.startswith(EVENT):
            raise ValueError(f"{EVENT} begins what is told about contacts; no person's id may")
        return value

    @field_validator("sent_at")
    @classmethod
    def _is_a_moment(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs an offset from UTC, e.g. 2026-01-31T08:00:00+08:00")
        if value is not None and value < EARLIEST:
            raise ValueError(f"is before {EARLIEST.year}")
        return value

    @model_validator(mode="after")
    def _says_something(self) -> Message:
        if not (self.text or self.media or self.location or self.choice or self.event):
            raise ValueError("give text, media, location, choice or event")
        return self

    def inbound(self, *, channel_id: str, source: str, received_at: datetime, flow: str, line: str) -> InboundMessage:
        """For ``Conversations.receive``; ``MalformedBody`` when it was sent in the future."""
        if self.sent_at is not None and not plausible(self.sent_at, received_at):
            raise MalformedBody(TOO_LATE)
        medium, point = self.media, self.location
        kind = "event" if self.event else "location" if point else medium.kind if medium else "text"
        return InboundMessage(
            channel="platform",
            channel_id=channel_id,
            external_id=self.event_id,
            sender=self.sender,
            received_at=received_at,
            sent_at=self.sent_at,
            kind=kind,
            text=self.text,
            media=MediaRef(ref=medium.url, media_type=medium.media_type, name=medium.name, size=medium.size)
            if medium
            else None,
            location=Location(lat=point.lat, lon=point.lon, crs=_crs(point.crs), label=point.label) if point else None,
            event=self.event,
            choice=self.choice,
            identities=(Identity(kind="phone", value=self.phone),) if self.phone else (),
            name=self.name,
            from_raw=self.phone or self.sender,
            to_raw=source,
            flow=flow,
            line=line,
            reply_context={"event_id": self.event_id},
        )


def _crs(name: str) -> str:
    """In the port's words; CGCS2000 is WGS-84 to within decimetres."""
    return {"GCJ02": "gcj02", "BD09": "bd09"}.get(name, "wgs84")


class Delivered(Closed):
    """What became of a call-back."""

    message_id: Id
    state: Literal["delivered", "read", "failed"]
    at: datetime | None = None
    error: Name | None = None

    def receipt(self, channel_id: str, now: datetime) -> Receipt:
        """For ``Conversations.receipt``."""
        at = self.at if self.at is not None and self.at.tzinfo is not None and plausible(self.at, now) else now
        return Receipt(channel_id=channel_id, external_id=self.message_id, state=self.state, at=at, error=self.error)


class ReceiptBody(Closed):
    """A receipt as it is posted."""

    receipt: Delivered


def parsed(body: bytes) -> Message | Delivered | ContactBody:
    """What ``body`` is, told by its keys: ``receipt``, ``sender``, or neither; ``MalformedBody``."""
    try:
        keys = json.loads(body)
        if not isinstance(keys, dict):
            raise MalformedBody("this is no JSON object")
        if "receipt" in keys:
            return ReceiptBody.model_validate_json(body).receipt
        return (Message if "sender" in keys else ContactBody).model_validate_json(body)
    except ValidationError as error:
        places = [".".join(map(str, item["loc"])) + ": " + item["msg"] for item in error.errors(include_input=False)]
        raise MalformedBody("; ".join(places[:10])) from None
    except (ValueError, RecursionError):
        raise MalformedBody("this is no JSON object") from None
