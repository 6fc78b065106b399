"""Write the desk's types, ``shared/openapi.d.ts``, from our own OpenAPI; ``--check`` says when it is stale.

Every component becomes an interface or a type, and ``Operations`` names path, query, body and answer of each operation
below ``/api/v1`` that speaks JSON: ``Operations["GET tickets/{ticket}"]["answer"]`` is a ``Ticket``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.web.api.openapi import document
from gateway.web.app import API_ROUTES

TYPES = Path(__file__).resolve().parents[1] / "gateway/web/static/desk/shared/openapi.d.ts"
PREFIX = "/api/v1/"
JSON = "application/json"
Schema = Mapping[str, Any]
_NAMES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_PLAIN = re.compile(r"[A-Za-z_]\w*")
_HEAD = "// Made by scripts/desk_types.py from the API's own description; do not edit.\n"


def type_of(schema: Schema, indent: str = "") -> str:
    """The TypeScript type of a JSON schema. What a schema leaves open is ``unknown``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return _union(json.dumps(value) for value in schema["enum"])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _union(type_of(one, indent) for one in schema[several])
    kind = schema.get("type")
    if isinstance(kind, list):
        return _union(type_of({**schema, "type": one}, indent) for one in kind)
    if kind == "array":
        return _array(schema, indent)
    if kind == "object":
        return _object(schema, indent)
    return _NAMES.get(kind or "", "unknown")


def _union(types: Any) -> str:
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
    lines = [
        f"{deeper}{name if _PLAIN.fullmatch(name) else json.dumps(name)}{'' if name in required else '?'}: "
        f"{type_of(inner, deeper)};"
        for name, inner in schema["properties"].items()
    ]
    return "\n".join(("{", *lines, f"{indent}}}")) if lines else "Record<string, never>"


def _operation(operation: Schema, path: str) -> str:
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    properties = {one["name"]: one["schema"] for one in query}
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    answer = next(
        found.get("content", {}).get(JSON, {}).get("schema")
        for status, found in operation["responses"].items()
        if status.startswith("2")
    )
    parts = {
        "path": _union(json.dumps(name) for name in re.findall(r"\{(\w+)\}", path)) or "never",
        "query": type_of({"type": "object", "properties": properties}, "    ") if query else "Record<string, never>",
        "body": type_of(body, "    ") if body else "undefined",
        "answer": type_of(answer, "    ") if answer else "null",
    }
    return "\n".join(f"    {name}: {value};" for name, value in parts.items())


def types() -> str:
    """The whole file."""
    api = document(API_ROUTES, public_url="")
    pieces = [_HEAD]
    for name, schema in sorted(api["components"]["schemas"].items()):
        told = type_of(schema)
        pieces.append(f"export interface {name} {told}\n" if told.startswith("{") else f"export type {name} = {told};\n")
    operations = [
        f"  {json.dumps(f'{method.upper()} {path.removeprefix(PREFIX)}')}: {{\n{_operation(operation, path)}\n  }};"
        for path, methods in api["paths"].items()
        if path.startswith(PREFIX)
        for method, operation in methods.items()
    ]
    pieces.append("\n".join(("export interface Operations {", *operations, "}\n")))
    return "\n".join(pieces)


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` compare."""
    wanted = types()
    if arguments == ["--check"]:
        if TYPES.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"desk_types: {TYPES} is stale; run .venv/bin/python scripts/desk_types.py")
        return 1
    TYPES.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
