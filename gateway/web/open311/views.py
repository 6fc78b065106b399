"""Tickets as Open311 shows them: nothing of who asks, and nothing of where for those who asked to be kept secret."""

from __future__ import annotations

import re
from typing import Any

from gateway.domain import masking
from gateway.domain.coordinates import crs_of, to_wgs84
from gateway.domain.words import Status
from gateway.web.open311.services import Open311

OPEN, CLOSED = "open", "closed"
CLOSED_STATUSES = frozenset({Status.ARCHIVED, Status.MERGED, Status.DEFLECTED, Status.INFORMED, Status.WITHDRAWN})
STATUSES = {
    OPEN: tuple(status.value for status in Status if status not in CLOSED_STATUSES),
    CLOSED: tuple(sorted(status.value for status in CLOSED_STATUSES)),
}
UPDATE_STATUS = {
    Status.REGISTERED: "OPEN",
    Status.CLASSIFIED: "OPEN",
    Status.DISPATCHED: "INVESTIGATING",
    Status.SIGNED: "INVESTIGATING",
    Status.HANDLING: "IN_PROGRESS",
    Status.REPLIED: "CLOSED",
    Status.EVALUATED: "CLOSED",
    Status.ARCHIVED: "CLOSED",
    Status.MERGED: "DUPLICATE",
    Status.DEFLECTED: "NOT_COUNCILS_RESPONSIBILITY",
    Status.INFORMED: "NO_FURTHER_ACTION",
    Status.WITHDRAWN: "CANCELLED",
}
"""Our statuses in FixMyStreet's words."""
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_SHORTEST_NAME = 2
_PERSONAL = (("requester", "name"), ("requester", "org_name"), ("demand", "complained_about", "name"))


def request(record: dict[str, Any], city: Open311, *, media: bool, public_url: str) -> dict[str, Any]:
    """One ``request`` of GeoReport v2. ``media``: with a link to the first attachment."""
    service = city.of(record)
    secret = is_secret(record)
    place = {} if secret else record["place"]
    lat, lon = _position(place)
    return {
        "service_request_id": record["ticket_no"],
        "status": CLOSED if record["status"] in CLOSED_STATUSES else OPEN,
        "status_notes": without_people(record["outcome"]["public_reply"], record),
        "service_name": service.name,
        "service_code": service.code,
        "description": None if secret else without_people(record["demand"]["content"], record),
        "agency_responsible": record["handling"]["lead_unit"],
        "service_notice": None,
        "requested_datetime": record["created_at"],
        "updated_datetime": record["updated_at"],
        "expected_datetime": _due(record),
        "address": without_people(place.get("address"), record),
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": lon,
        "media_url": _media(record, public_url) if media and not secret else None,
    }


def is_secret(record: dict[str, Any]) -> bool:
    """Whether the requester asked to be kept secret (保密)."""
    return bool(record["requester"]["secret"])


def without_people(text: str | None, record: dict[str, Any]) -> str | None:
    """``text`` without phone and identity numbers and mail addresses, and without the names that the record knows."""
    if not text:
        return text
    for path in _PERSONAL:
        value: Any = record
        for key in path:
            value = value[key]
        if isinstance(value, str) and len(value) >= _SHORTEST_NAME:
            text = text.replace(value, masking.MASK * len(value))
    return masking.text(_EMAIL.sub(lambda found: masking.MASK * len(found.group()), text))


def _position(place: dict[str, Any]) -> tuple[float | None, float | None]:
    lat, lon, crs = place.get("lat"), place.get("lon"), place.get("crs")
    if lat is None or lon is None or crs is None:
        return None, None
    try:
        lat, lon = to_wgs84(lat, lon, crs_of(crs))
    except ValueError:
        return None, None
    return round(lat, 8), round(lon, 8)


def _due(record: dict[str, Any]) -> str | None:
    """The nearest time limit that is still running."""
    running = [
        clock["due_at"] for clock in record["handling"]["clocks"] if clock.get("due_at") and not clock.get("met_at")
    ]
    return min(running, default=None)


def _media(record: dict[str, Any], public_url: str) -> str | None:
    url = next((item["url"] for item in record["attachments"] if item.get("url")), None)
    return f"{public_url}{url}" if url and url.startswith("/") else url
