"""XML and JSON as GeoReport v2 writes them. Both come from one plain tree: lists of objects of simple values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

XML, JSON = "xml", "json"
_TYPES = {XML: "text/xml", JSON: "application/json"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold at all (its section 2.2)."""
ITEMS = {
    "services": "service",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What the members of each list are called in XML."""


def member(kind: str, root: str, data: Any) -> bytes:
    """One of the members of a list, as ``respond_members`` takes it."""
    text = _element(ITEMS[root], data) if kind == XML else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")


def respond_members(kind: str, root: str, members: Sequence[bytes]) -> web.Response:
    """A list whose members have been written already."""
    if kind == XML:
        name = root.encode()
        inner = b"<" + name + b">" + b"".join(members) + b"</" + name + b">" if members else b"<" + name + b"/>"
        body = _DECLARATION.encode() + inner + b"\n"
    else:
        body = b"[" + b",".join(members) + b"]"
    return web.Response(body=body, content_type=_TYPES[kind], charset="utf-8")


def respond(
    kind: str, root: str, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """``data`` in ``kind``; ``root`` is the XML document's element."""
    text = (
        f"{_DECLARATION}{_element(root, data)}\n"
        if kind == XML
        else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    )
    return web.Response(
        status=status,
        body=text.encode(errors="replace"),
        content_type=_TYPES[kind],
        charset="utf-8",
        headers=dict(headers or {}),
    )


def _element(name: str, value: Any) -> str:
    inner = _inner(name, value)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _inner(name: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "".join(_element(key, item) for key, item in value.items())
        case Sequence() if not isinstance(value, str):
            return "".join(_element(ITEMS[name], item) for item in value)
        case _:
            return escape(_NOT_XML.sub("\ufffd", str(value)))
