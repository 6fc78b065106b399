"""Where the JSON Schema of an event's data is served, for CloudEvents' ``dataschema`` (CloudEvents 1.0, 3.1.2)."""

from __future__ import annotations

from gateway.domain.events import Event

PATH = "/api/v1/events/schemas/{type}/{version}"


def dataschema(public_url: str, kind: type[Event]) -> str:
    """The absolute address, another one for each version."""
    return public_url.rstrip("/") + PATH.format(type=kind.TYPE, version=kind.VERSION)
