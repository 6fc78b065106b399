"""JSON schemas of events, made from their classes."""

from __future__ import annotations

from gateway.domain.events import Event
from gateway.domain.events.told import DataKey, keys, meaning
from gateway.web.api.record_schema import Schema

CHANGED: Schema = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {}, "minItems": 2, "maxItems": 2},
    "description": "The coded fields that the event alters, by record path: what each was, and what it is.",
}
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def data_schema(kind: type[Event], changed: Schema = CHANGED) -> Schema:
    """Schema of ``data``; open, since further keys are no new version."""
    told = tuple(keys(kind))
    schema: Schema = {
        "type": "object",
        "description": f"{kind.TYPE}, version {kind.VERSION}: {meaning(kind)}",
        "properties": {key.name: _of(key) for key in told} | {"changed": changed},
    }
    if required := sorted(key.name for key in told if key.always):
        schema["required"] = required
    return schema


def _of(key: DataKey) -> Schema:
    name = _TYPES[key.kind]
    if key.many:
        return {"type": "array", "items": {"type": name}, "description": key.en}
    return {"type": [name, "null"] if key.null else name, "description": key.en}
