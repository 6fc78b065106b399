"""From the bytes of a callback to a flat mapping: limits first, then XML (or JSON), then types."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

from channels.wechat.refusals import UnreadableCallback

MAX_BODY = 65_536
"""Bytes of a callback; WeChat's own texts end at about 2 kB."""
_MAX_TAGS = 4096
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#([xX][0-9a-fA-F]{1,8}|[0-9]{1,9});")
_SALVAGED = (
    *("ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Event", "EventKey"),
    *("Content", "Recognition", "MediaId", "MediaId16K", "Format", "Location_X", "Location_Y", "Label", "Encrypt"),
)

Fields = Mapping[str, Any]


def fields(body: bytes | str) -> Fields:
    """The message's elements by name. Entities are refused, and so is what nests or repeats without end."""
    raw = _clean(body if isinstance(body, str) else _decoded(body)).encode()
    if raw.lstrip()[:1] == b"{":
        return _json(raw)
    if raw.count(b"<") > _MAX_TAGS:
        raise UnreadableCallback("too many elements")
    try:
        parsed = xmltodict.parse(raw)
    except (ExpatError, ValueError, LookupError, TypeError, AttributeError) as error:
        if salvaged := _salvaged(raw.decode()):
            return salvaged
        raise UnreadableCallback(f"the body is not XML that we take ({type(error).__name__})") from None
    found = parsed.get("xml")
    if not isinstance(found, dict):
        raise UnreadableCallback("the body has no <xml> root with elements")
    return found


def _decoded(body: bytes) -> str:
    """UTF-8; also such as writes surrogate pairs one by one. U+FFFD stands for what is broken."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace")


def _clean(body: str) -> str:
    """Without what no XML 1.0 document may hold (2.2): people's telephones send it, WeChat passes it on."""
    whole = body.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _REFERENCE.sub(_allowed, _FORBIDDEN.sub("", whole))


def _allowed(reference: re.Match[str]) -> str:
    """A character reference, or nothing when it names what may not stand here."""
    name = reference[1]
    code = int(name[1:], 16) if name[0] in "xX" else int(name)
    return reference[0] if code <= sys.maxunicode and not _FORBIDDEN.match(chr(code)) else ""


def _salvaged(body: str) -> Fields:
    """The elements that a message needs, out of what is no XML: a "]]>" or "<" within a text, a root that never ends.

    Empty when it says neither who wrote nor what.
    """
    found: dict[str, str] = {}
    for name in _SALVAGED:
        start, end = body.find(f"<{name}>"), body.rfind(f"</{name}>")
        if 0 <= start < end:
            inner = body[start + len(name) + 2 : end].strip()
            found[name] = inner.removeprefix("<![CDATA[").removesuffix("]]>")
    return found if {"FromUserName", "MsgType"} <= found.keys() else {}


def _json(raw: bytes) -> Fields:
    try:
        parsed = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadableCallback(f"the body is not JSON that we take ({type(error).__name__})") from None
    if not isinstance(parsed, dict):
        raise UnreadableCallback("the body is not a JSON object")
    return parsed


def text(source: Fields, key: str) -> str | None:
    """A field's text; None when it is missing or empty. ``UnreadableCallback`` when it came twice or nested."""
    value = source.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise UnreadableCallback(f"{key} is not a single text")


def required(source: Fields, key: str) -> str:
    """A field's text, or ``UnreadableCallback``."""
    value = text(source, key)
    if value is None:
        raise UnreadableCallback(f"{key} is missing")
    return value


def nested(source: Fields, key: str) -> Fields:
    """The elements inside a field; nothing when it is not such a field."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def moment(value: str | None) -> datetime | None:
    """Unix seconds as a time; None when they are none."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) <= 10):  # noqa: PLR2004 - until the year 2286
        return None
    return datetime.fromtimestamp(int(value), UTC)


def degrees(value: str | None, limit: int) -> float | None:
    """A coordinate within ±``limit``, or None."""
    try:
        number = float(value or "nan")
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= limit else None
