"""The contact as other systems write it (JSON): one vocabulary for the API, for hooks and for simulators.

Closed models: an unknown key is a mistake that is told. ``inbound`` translates one for ``ports.channel.Intake``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints, field_validator, model_validator

from gateway.domain.coordinates import Crs, to_wgs84
from gateway.domain.fields import By
from gateway.domain.keys import Identity
from gateway.domain.limits import CONTENT_CHARS, LINE_CHARS, NAME_CHARS, PARAGRAPH_CHARS, URL_CHARS, WORD_CHARS
from gateway.domain.said_at import EARLIEST, plausible
from gateway.domain.words import Line, RequesterKind
from gateway.edge.field_models import Closed, Located, made_of
from gateway.errors import RejectedInput
from gateway.ports.channel import InboundContact, ReceivedFile

Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_CHARS)]
Word = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=WORD_CHARS, pattern=r"^[\w.:-]+$")
]
Line200 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LINE_CHARS)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://", max_length=URL_CHARS)]
TOO_LATE = "sent_at: is more than a day in the future"


@made_of("place", By.SOURCE)
class Place(Located):
    """Where it is."""


class SeenPlace(Place):
    """Where a source saw it."""

    accuracy_m: float | None = Field(None, ge=0, le=100_000, description="Radius of the GPS fix.")


@made_of("requester", By.SOURCE)
class Requester(Closed):
    """Who asks."""

    kind: RequesterKind = RequesterKind.CITIZEN
    phone: str | None = None


class Source(Closed):
    """The system that hands the contact over."""

    name: Word
    event_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        None, description="Unique within the source; the idempotency key when no Idempotency-Key is sent."
    )


class Attachment(Closed):
    """A file: one that stays at its source (``url``), or a part of this multipart request (its ``sha256``)."""

    name: Line200
    media_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+$", max_length=100)] | None = None
    url: Url | None = None
    bytes: int | None = Field(None, ge=0)
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _lies_somewhere(self) -> Attachment:
        if self.url is None and self.sha256 is None:
            raise ValueError("give the url of a file that stays with you, or the sha256 of a part of this request")
        if self.url is not None and self.media_type is None:
            raise ValueError("a file that stays with you needs its media_type")
        return self


class GridReport(Closed):
    """What a grid worker (网格员) adds; the grid itself is ``place.grid_id``."""

    worker_id: Short | None = None
    tried: Annotated[str, StringConstraints(strip_whitespace=True, max_length=PARAGRAPH_CHARS)] | None = Field(
        None, description="What was tried on the spot already."
    )


class SensorReading(Closed):
    """What a sensor measured."""

    device_id: Short
    metric: Short
    value: float | Short
    unit: Short | None = None
    threshold: float | None = None
    measured_at: datetime | None = None


class MediaItem(Closed):
    """Where a media monitor found it."""

    outlet: Short
    title: Line200 | None = None
    url: Url | None = None
    published_at: datetime | None = None


class ContactBody(Closed):
    """One contact: a ticket of its own unless ``conversation_id`` names an open interaction."""

    source: Source
    requester: Requester = Requester()
    content: Annotated[str, StringConstraints(min_length=1, max_length=CONTENT_CHARS)]
    conversation_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = (
        None
    )
    place: SeenPlace | None = None
    attachments: tuple[Attachment, ...] = Field((), max_length=20)
    line: Line | None = Field(None, description="Without it: enterprise for enterprises, citizen for all others.")
    sent_at: datetime | None = None
    grid: GridReport | None = None
    sensor: SensorReading | None = None
    media: MediaItem | None = None

    @field_validator("sent_at")
    @classmethod
    def _is_a_moment(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("needs an offset from UTC, e.g. 2026-01-31T08:00:00+08:00")
        if value is not None and value < EARLIEST:
            raise ValueError(f"is before {EARLIEST.year}")
        return value


def told(body: ContactBody) -> str:
    """The content with what the source added, each on a line of its own behind it."""
    lines = [body.content]
    if body.grid and body.grid.tried:
        lines.append(f"已尝试：{body.grid.tried}")
    if body.sensor:
        reading = body.sensor
        limit = f"（阈值 {reading.threshold:g}）" if reading.threshold is not None else ""
        value = f"{reading.value:g}" if isinstance(reading.value, float) else reading.value
        at = f"，{reading.measured_at.isoformat()}" if reading.measured_at else ""
        lines.append(f"监测：{reading.device_id} {reading.metric} {value} {reading.unit or ''}".rstrip() + limit + at)
    if body.media:
        item = body.media
        parts = (item.outlet, f"《{item.title}》" if item.title else "", item.url or "")
        at = f"，{item.published_at.isoformat()}" if item.published_at else ""
        lines.append("来源：" + " ".join(part for part in parts if part) + at)
    return "\n".join(lines)


def located(place: Place | None) -> tuple[dict[str, Any], str | None]:
    """The record's ``place`` with WGS-84 coordinates, and what came raw when it was converted or had an accuracy."""
    if place is None:
        return {}, None
    found = place.model_dump(exclude_none=True)
    accuracy = found.pop("accuracy_m", None)
    if place.lat is None or place.lon is None or place.crs is None:
        found.pop("crs", None)
        return found, None
    lat, lon = to_wgs84(place.lat, place.lon, Crs(place.crs))
    found |= {"lat": round(lat, 8), "lon": round(lon, 8), "crs": Crs.WGS84.value}
    around = f" ±{accuracy:g} m" if accuracy is not None else ""
    return found, f"{place.crs} {place.lat!r},{place.lon!r}{around}"


def body_sha256(body: ContactBody, files: Sequence[ReceivedFile] = ()) -> str:
    """What tells a replay from another contact under the same key; order and spelling of the JSON count for nothing."""
    content = body.model_dump(mode="json", exclude_none=True)
    if files:
        content["files"] = [[file.name, file.sha256] for file in files]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def inbound(
    body: ContactBody,
    *,
    channel: str,
    channel_id: str,
    external_id: str,
    received_at: datetime,
    files: Sequence[ReceivedFile] = (),
) -> InboundContact:
    """``body`` for ``ports.channel.Intake``; ``RejectedInput`` when it was sent in the future."""
    if body.sent_at is not None and not plausible(body.sent_at, received_at):
        raise RejectedInput(TOO_LATE)
    place, raw_location = located(body.place)
    line = body.line or (Line.ENTERPRISE if body.requester.kind is RequesterKind.ENTERPRISE else Line.CITIZEN)
    identities = (
        (Identity(kind="grid_worker", value=f"{body.source.name}:{body.grid.worker_id}"),)
        if body.grid and body.grid.worker_id
        else ()
    )
    return InboundContact(
        channel=channel,
        channel_id=channel_id,
        external_id=external_id,
        received_at=received_at,
        content=told(body),
        source_name=body.source.name,
        source_event_id=body.source.event_id,
        from_raw=body.requester.phone,
        sent_at=body.sent_at,
        line=line.value,
        conversation_id=f"{body.source.name}:{body.conversation_id}" if body.conversation_id else None,
        requester=body.requester.model_dump(mode="json", exclude_none=True),
        identities=identities,
        place=place,
        raw_location=raw_location,
        attachments=tuple(item.model_dump(exclude_none=True) for item in body.attachments if item.url),
        files=tuple(files),
        body_sha256=body_sha256(body, files),
    )
