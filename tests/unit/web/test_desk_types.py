"""The desk's types: each schema as TypeScript, none of our answers under the name of a body, the file as it must be."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.events import REGISTRY
from gateway.web.api import schemas
from gateway.web.api.openapi import document
from gateway.web.app import API_ROUTES

pytestmark = pytest.mark.unit
SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "desk_types.py"
_spec = importlib.util.spec_from_file_location("desk_types", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
desk_types = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(desk_types)


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "string", "format": "date-time"}, "string"),
        ({"type": ["integer", "null"]}, "number | null"),
        ({"enum": ["a", None]}, '"a" | null'),
        ({"const": "a"}, '"a"'),
        ({}, "unknown"),
        ({"$ref": "#/components/schemas/Ticket"}, "Ticket"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}, "[number, number]"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "Record<string, boolean>"),
        ({"anyOf": [{"type": "string"}, {"type": "string"}, {"type": "null"}]}, "string | null"),
        (
            {"type": "object", "properties": {"a": {}, "b-c": {"type": "number"}}, "required": ["a"]},
            '{ a: unknown; "b-c"?: number; }',
        ),
    ],
)
def test_a_schema_as_a_type(schema: dict[str, Any], type_: str) -> None:
    assert desk_types.type_of(schema) == type_


def test_no_answer_has_the_name_of_a_body() -> None:
    """One would silently stand for the other in the document."""
    whole = document(API_ROUTES, public_url="")["components"]["schemas"]
    for name, schema in schemas.SCHEMAS.items():
        assert whole[name] is schema
    bodies = {route.body.__name__ for route in API_ROUTES if route.body is not None}
    inner = {name for body in bodies for name in _parts(body)}
    assert not (bodies | inner) & schemas.SCHEMAS.keys()


def _parts(body: str) -> set[str]:
    model = next(route.body for route in API_ROUTES if route.body is not None and route.body.__name__ == body)
    return set(model.model_json_schema().get("$defs", {}))


def test_the_files_are_what_the_script_writes() -> None:
    assert desk_types.TYPES.read_text(encoding="utf-8") == desk_types.types()
    assert desk_types.EVENT_NAMES.read_text(encoding="utf-8") == desk_types.event_names()


def test_every_event_has_its_names() -> None:
    _, _, names = desk_types.event_names().partition("export const EVENTS = ")
    told = json.loads(names.rstrip().removesuffix(";"))
    assert told == {
        "zh": {name: kind.ZH for name, kind in REGISTRY.items()},
        "en": {name: kind.EN for name, kind in REGISTRY.items()},
    }
