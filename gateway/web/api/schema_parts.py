"""The parts that schemas of answers are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from gateway.web.api.record_schema import Schema


def ref_to(name: str) -> Schema:
    """The schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(kind: str, **more: Any) -> Schema:
    """A JSON type, or null."""
    return {"type": [kind, "null"], **more}


def list_of(items: Schema) -> Schema:
    """A list of them."""
    return {"type": "array", "items": items}


def enum_of(words: type[StrEnum], *, null: bool = False) -> Schema:
    """One of these words."""
    return {"enum": [word.value for word in words] + ([None] if null else [])}


def nullable(schema: Schema) -> Schema:
    """It, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(**properties: Schema) -> Schema:
    """An object with these keys, all of them always there."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
NTEXT, NWHOLE, NNUMBER, NFLAG = or_null("string"), or_null("integer"), or_null("number"), or_null("boolean")
NTIME = or_null("string", format="date-time")
ANYTHING: Schema = {"type": ["object", "null"]}
