"""Write the desk's types, ``shared/openapi.d.ts``, from our own OpenAPI, and what it calls events.

``--check`` says what is stale.

Every component becomes an interface or a type, and ``Operations`` names query, body and answer of each operation
below ``/api/v1`` that speaks JSON: ``Operations["GET tickets/{ticket}"]["answer"]`` is a ``Ticket``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gateway.domain.events import REGISTRY
from gateway.web.api.openapi import document
from gateway.web.app import API_ROUTES

SHARED = Path(__file__).resolve().parents[1] / "gateway/web/static/desk/shared"
TYPES = SHARED / "openapi.d.ts"
EVENT_NAMES = SHARED / "event-names.js"
PREFIX = "/api/v1/"
JSON = "application/json"
Schema = Mapping[str, Any]
_NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_WIDE = 110
_HEAD = "// Made by scripts/desk_types.py from the API's own description; do not edit.\n"
_NAMES_HEAD = """\
// Made by scripts/desk_types.py from the classes of events; do not edit.
/** What each event is called. @type {{ zh: Record<string, string>, en: Record<string, string> }} */
"""


def type_of(schema: Schema, indent: str = "") -> str:
    """The TypeScript type of a JSON schema. What a schema leaves open is ``unknown``."""
    kind = schema.get("type")
    if "$ref" in schema:
        told = str(schema["$ref"]).rsplit("/", 1)[1]
    elif "enum" in schema or "const" in schema:
        told = _union(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    elif "anyOf" in schema or "oneOf" in schema:
        told = _union(type_of(one, indent) for one in schema.get("anyOf") or schema["oneOf"])
    elif isinstance(kind, list):
        told = _union(type_of({**schema, "type": one}, indent) for one in kind)
    elif kind == "array":
        told = _array(schema, indent)
    elif kind == "object":
        told = _object(schema, indent)
    else:
        told = _NAMES.get(kind or "", "unknown")
    return told


def _union(types: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(types))


def _array(schema: Schema, indent: str) -> str:
    inner = type_of(schema.get("items", {}), indent)
    most = schema.get("maxItems")
    if most is not None and most == schema.get("minItems"):
        return f"[{', '.join([inner] * most)}]"
    alone = " | " not in inner or (inner.startswith("{") and inner.endswith("}"))
    return f"{inner}[]" if alone else f"({inner})[]"


def _object(schema: Schema, indent: str) -> str:
    more = schema.get("additionalProperties")
    if "properties" not in schema:
        return f"Record<string, {type_of(more, indent) if isinstance(more, Mapping) else 'unknown'}>"
    required = set(schema.get("required", ()))
    deeper = f"{indent}  "
    return _block(
        {
            (_key(name) if name in required else f"{_key(name)}?"): type_of(inner, deeper)
            for name, inner in schema["properties"].items()
        },
        indent,
    )


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _block(fields: Mapping[str, str], indent: str) -> str:
    """``{ a: string; }``, on one line where it fits."""
    told = [f"{name}: {type_};" for name, type_ in fields.items()]
    line = f"{{ {' '.join(told)} }}"
    if len(line) <= _WIDE and "\n" not in line:
        return line
    return "\n".join(("{", *(f"{indent}  {field}" for field in told), f"{indent}}}"))


def _operation(operation: Schema) -> str:
    query = {one["name"]: one["schema"] for one in operation.get("parameters", ()) if one["in"] == "query"}
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    answer = next(
        found.get("content", {}).get(JSON, {}).get("schema")
        for status, found in operation["responses"].items()
        if status.startswith("2")
    )
    return _block(
        {
            "query": type_of({"type": "object", "properties": query}, "    ") if query else "Record<string, never>",
            "body": type_of(body, "    ") if body else "undefined",
            "answer": type_of(answer, "    ") if answer else "null",
        },
        "  ",
    )


def types() -> str:
    """The whole file."""
    api = document(API_ROUTES, public_url="")
    pieces = [_HEAD]
    for name, schema in sorted(api["components"]["schemas"].items()):
        told = type_of(schema)
        pieces.append(
            f"export interface {name} {told}\n" if told.startswith("{") else f"export type {name} = {told};\n"
        )
    operations = [
        f"  {json.dumps(f'{method.upper()} {path.removeprefix(PREFIX)}')}: {_operation(operation)};"
        for path, methods in api["paths"].items()
        if path.startswith(PREFIX)
        for method, operation in methods.items()
    ]
    pieces.append("\n".join(("export interface Operations {", *operations, "}\n")))
    return "\n".join(pieces)


def event_names() -> str:
    """What each event is called in either language."""
    names = {
        "zh": {kind.TYPE: kind.ZH for kind in REGISTRY.values()},
        "en": {kind.TYPE: kind.EN for kind in REGISTRY.values()},
    }
    return f"{_NAMES_HEAD}export const EVENTS = {json.dumps(names, ensure_ascii=False, indent=2)};\n"


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare."""
    wanted = {TYPES: types(), EVENT_NAMES: event_names()}
    if arguments == ["--check"]:
        stale = [path for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
        for path in stale:
            print(f"desk_types: {path} is stale; run .venv/bin/python scripts/desk_types.py")
        return 1 if stale else 0
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
