"""Tickets as Open311 shows them: without the requester, and without the place where secrecy was asked for."""

from __future__ import annotations

from typing import Any

from gateway.domain import masking
from gateway.domain import status as statuses
from gateway.domain.coordinates import crs_of, to_wgs84
from gateway.domain.status import Status
from gateway.domain.task_status import owes_reply
from gateway.web.reportable import Open311

OPEN, CLOSED = "open", "closed"
STATUSES = {
    OPEN: tuple(status.value for status in Status if status in statuses.OPEN),
    CLOSED: tuple(sorted(status.value for status in statuses.CLOSED)),
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
_DIVISIONS = ("district", "street", "community")


def request(record: dict[str, Any], city: Open311, *, client: bool, public_url: str) -> dict[str, Any]:
    """One ``request`` of GeoReport v2, made from what readers of the API see.

    A ``client`` (who has a key) gets the address and a link to the first attachment; to the public an address could
    be somebody's home: they get its divisions, and no text that repeats it.
    """
    attachments, record = masking.record(record)["attachments"], masked(record)
    service = city.of(record)
    secret = is_secret(record)
    place = {} if secret else record["place"]
    address = place.get("address")
    description = None if secret else record["demand"]["content"]
    if not client:
        description, address = _without(description, address), _divisions(place)
    lat, lon = _position(place)
    return {
        "service_request_id": record["ticket_no"],
        "status": CLOSED if record["status"] in statuses.CLOSED else OPEN,
        "status_notes": record["outcome"]["public_reply"],
        "service_name": service.name,
        "service_code": service.code,
        "description": description,
        "agency_responsible": record["handling"]["lead_unit"],
        "service_notice": None,
        "requested_datetime": record["created_at"],
        "updated_datetime": record["updated_at"],
        "expected_datetime": expected(record),
        "address": address,
        "address_id": None,
        "zipcode": None,
        "lat": lat,
        "long": lon,
        "media_url": _media(attachments, public_url) if client and not secret else None,
    }


def is_secret(record: dict[str, Any]) -> bool:
    """Whether the requester asked to be kept secret (保密)."""
    return bool(record["requester"]["secret"])


def masked(record: dict[str, Any]) -> dict[str, Any]:
    """``record`` as readers of the API see it; of what a requester calls themself nothing is left in its texts."""
    shown = masking.record({**record, "requester": {**record["requester"], "anonymous": True}})
    return {**shown, "requester": {**shown["requester"], "anonymous": record["requester"]["anonymous"]}}


def _without(text: str | None, address: str | None) -> str | None:
    return text.replace(address, masking.MASK * len(address)) if text and address else text


def _divisions(place: dict[str, Any]) -> str | None:
    """District, street and community of a place."""
    names = [(place.get(level) or {}).get("name") for level in _DIVISIONS]
    return "".join(name for name in names if name) or None


def _position(place: dict[str, Any]) -> tuple[float | None, float | None]:
    lat, lon, crs = place.get("lat"), place.get("lon"), place.get("crs")
    if lat is None or lon is None or crs is None:
        return None, None
    try:
        lat, lon = to_wgs84(lat, lon, crs_of(crs))
    except ValueError:
        return None, None
    return round(lat, 8), round(lon, 8)


def expected(record: dict[str, Any]) -> str | None:
    """Until when a unit still has to reply: limits of the centre and for signing are nobody's outside."""
    owed = (one["due_at"] for one in record["handling"]["units"] if one["due_at"] and owes_reply(one))
    return min(owed, default=None) if record["status"] not in statuses.CLOSED else None


def _media(attachments: list[dict[str, Any]], public_url: str) -> str | None:
    url = next((item["url"] for item in attachments if item.get("url") and masking.MASK not in item["url"]), None)
    return f"{public_url}{url}" if url and url.startswith("/") else url
