"""JSON schema of the record, made from ``fields.TABLE``."""

from __future__ import annotations

from typing import Any

from gateway.domain.fields import FieldRow, FieldTable, Kind

Schema = dict[str, Any]
_TYPES = {
    Kind.ID: "string",
    Kind.TEXT: "string",
    Kind.PROSE: "string",
    Kind.PHONE: "string",
    Kind.TIME: "string",
    Kind.WHOLE: "integer",
    Kind.NUMBER: "number",
    Kind.FLAG: "boolean",
}


def object_schema(table: FieldTable, path: str = "") -> Schema:
    """Schema of the object, or of an item of the list, at ``path``; of the record itself without one."""
    rows = table.within(path)
    return {
        "type": "object",
        "properties": {row.name: _of(table, row) for row in rows},
        "required": sorted(row.name for row in rows if not row.whole),
    }


def _of(table: FieldTable, row: FieldRow) -> Schema:
    match row.kind:
        case Kind.LIST:
            schema: Schema = {"type": "array", "items": object_schema(table, row.path)}
        case Kind.MAP:
            schema = {"type": "object", "additionalProperties": object_schema(table, row.path)}
        case Kind.OBJECT:
            schema = object_schema(table, row.path)
        case Kind.ANY:
            return {}
        case _:
            schema = _leaf(row)
    if row.many:
        schema = {"type": "array", "items": schema}
        if row.items is not None and row.null:  # a pair, whole or not there
            schema |= {"minItems": row.items, "maxItems": row.items}
    if row.null:
        schema = {"enum": [*schema["enum"], None]} if "enum" in schema else schema | {"type": [schema["type"], "null"]}
    if row.whole:
        schema["description"] = "Not in lists."
    return schema


def _leaf(row: FieldRow) -> Schema:
    if row.kind is Kind.WORD and row.words is not None:
        return {"enum": [word.value for word in row.words]}
    schema: Schema = {"type": _TYPES[row.kind]}
    if row.kind is Kind.TIME:
        schema["format"] = "date-time"
    if row.pattern is not None and not row.by:  # what others set may stand there masked
        schema["pattern"] = row.pattern
    if row.least is not None:
        schema["minimum"] = row.least
    if row.greatest is not None:
        schema["maximum"] = row.greatest
    return schema
