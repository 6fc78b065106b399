"""What of a record is shown to whom need not see everything: one table of its fields, closed.

A field that stands in no row is not shown: whoever adds one says here how it is masked. Everything that leaves for such
eyes (record, lists, vCon, Open311, feeds that redact, exports) is made from ``record``; ``searchable`` is what their
searches are held against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.veil import MASK, PRIVATE_KINDS, Veil, is_hidden, is_person, name, phone, text, wholly

__all__ = (
    "MASK",
    "PRIVATE_KINDS",
    "Veil",
    "callback",
    "is_hidden",
    "is_person",
    "name",
    "phone",
    "record",
    "searchable",
    "text",
    "wholly",
)
SEARCHED = 2000
"""Characters of a content in which people who see it masked can search: a search must cost the writer little."""
_BEYOND = 200
"""So many more are read, so that a number or name that stands across the end is masked as a whole."""
_WORD = re.compile(r"\w")
_RAW_PART = re.compile(r"@[^>;]*|(?<!\w)(?:sips?|tel|mailto):|(?<!\w)\+?\d+(?!\w)|\w+", re.IGNORECASE)
_HOTLINE = 6
"""Numbers of so few digits are the city's or an extension's."""
_WHOLE_NUMBER = 11
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_CONVERSATION = "conversation:"
_SHORTEST_ADDRESS = 5
_OWN_URL = "/api/"

Mask = Callable[[Any, "_Eyes"], Any]


class _Eyes(Veil):
    """A record's veil, and the addresses that its other ids may repeat."""

    def __init__(self, full: Mapping[str, Any]) -> None:
        super().__init__(full)
        found = sorted({one for one in _addresses(full) if len(one) >= _SHORTEST_ADDRESS}, key=len, reverse=True)
        self.addresses = re.compile("|".join(map(re.escape, found)), re.IGNORECASE) if found else None


def _addresses(full: Mapping[str, Any]) -> Iterable[str]:
    requester = full.get("requester") or {}
    for number in (requester.get("phone"), requester.get("callback_phone")):
        if isinstance(number, str):
            yield from (number, number.removeprefix("+"), number.removeprefix("+86"))
    for item in full.get("interactions") or ():
        for key in ("from_raw", "asserted_identity", "diversion"):
            if isinstance(raw := item.get(key), str):
                yield from (raw, *re.findall(r"[^\s<>\":;@]+", raw))
        if str(item.get("external_id") or "").startswith(_CONVERSATION):
            yield str(item["external_id"]).removeprefix(_CONVERSATION)


def _stars(value: str) -> str:
    return _WORD.sub(MASK, value)


def _shown(value: Any, _: _Eyes) -> Any:
    """Codes, instants, figures and ids of our own."""
    if isinstance(value, list | tuple):
        return [one for one in value if not isinstance(one, Mapping | list | tuple)]
    return None if isinstance(value, Mapping) else value


def _concealed(value: Any, _: _Eyes) -> Any:
    """Fields that nobody said anything about, and ids that lead from one ticket to another."""
    return _stars(value) if isinstance(value, str) else None


def _said(value: Any, eyes: _Eyes) -> Any:
    return eyes.text(value) if isinstance(value, str) else None


def _name(value: Any, eyes: _Eyes) -> Any:
    return eyes.name(value) if isinstance(value, str) else None


def _number(value: Any, eyes: _Eyes) -> Any:
    return eyes.phone(value) if isinstance(value, str) else None


def _unless_hidden(shown: Mask, otherwise: Mask) -> Mask:
    return lambda value, eyes: (otherwise if eyes.hidden else shown)(value, eyes)


def _wholly(value: Any, _: _Eyes) -> Any:
    return wholly(value) if isinstance(value, str) else None


def _labels(value: Any, eyes: _Eyes) -> Any:
    return [] if eyes.hidden else [_said(one, eyes) for one in value or ()]


def _keys(value: Any, eyes: _Eyes) -> Any:
    """Keys that were pressed: a number may be among them, a choice of a menu is none."""
    pressed = "".join(one for one in value or () if isinstance(one, str))
    return list(eyes.text(pressed) or "")


def _raw(value: Any, eyes: _Eyes) -> Any:
    """An address as a network gave it: the middle of its number, the host, display names and account names go."""
    if not isinstance(value, str):
        return None
    return _stars(value) if eyes.hidden else _RAW_PART.sub(_raw_part, value)


def _raw_part(found: re.Match[str]) -> str:
    part = found.group()
    if part.endswith(":"):
        return part
    digits = part.removeprefix("+")
    if digits.isdigit():
        if len(digits) <= _HOTLINE:
            return part
        national = digits.removeprefix("86")
        return phone(part) or "" if len(national) >= _WHOLE_NUMBER else _stars(part[:-2]) + part[-2:]
    return _stars(part)


def _id(value: Any, eyes: _Eyes) -> Any:
    """An id that others gave: it stays one to ask by, without an address that stands in it."""
    if not isinstance(value, str):
        return None
    if eyes.addresses is not None:
        value = eyes.addresses.sub(lambda found: _stars(found.group()), value)
    return _MOBILE.sub(lambda found: _number(found.group(), eyes), value)


def _url(value: Any, eyes: _Eyes) -> Any:
    """A link; one that the sender chose is told of nobody who hides."""
    if not isinstance(value, str) or value.startswith(_OWN_URL):
        return value if isinstance(value, str) else None
    return _stars(value) if eyes.hidden else _said(value, eyes)


@dataclass(frozen=True, slots=True)
class _Each:
    """A list of objects with these fields."""

    fields: Mapping[str, Any]


_Fields = Mapping[str, Any]
"""Key -> how it is masked: a ``Mask``, or the fields within."""


def _all_shown(*names: str) -> dict[str, Mask]:
    return dict.fromkeys(names, _shown)


def _fields(value: Any, eyes: _Eyes) -> Any:
    """``prefill.fields``: each value as the field that it is for; of one that is for no field nothing is shown."""
    return {
        path: {**_masked(entry, _ENTRY, eyes), "value": _at(path)(entry.get("value"), eyes)}
        for path, entry in (value or {}).items()
        if isinstance(entry, Mapping)
    }


def _at(path: str) -> Mask:
    node: Any = FIELDS
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    if isinstance(node, Mapping):  # of coded fields the code stands there
        return _shown
    return node if callable(node) else _concealed


def _mentions(value: Any, eyes: _Eyes) -> Any:
    return [
        {**_masked(one, _MENTION, eyes), "value": _KINDS.get(str(one.get("kind")), _concealed)(one.get("value"), eyes)}
        for one in value or ()
    ]


_KINDS: Mapping[str, Mask] = {
    "person": _name,
    "phone": _number,
    "id_number": _said,
    "organisation": _said,
    "uscc": _unless_hidden(_shown, _wholly),
    "plate": _unless_hidden(_shown, _wholly),
    "money": _shown,
    "time": _shown,
}
"""How a mention's value is masked, by its kind. Plates and firms are what complaints are about."""
_ENTRY: _Fields = {"value": _concealed, **_all_shown("source", "span", "confidence", "confirmed_by")}
_MENTION: _Fields = {"value": _concealed, **_all_shown("kind", "span", "confidence")}
_DIVISION: _Fields = _all_shown("code", "name")
_CANDIDATE = _Each(_all_shown("code", "confidence"))
_SEGMENT = _Each(
    {
        **_all_shown("seq", "speaker", "start_ms", "end_ms"),
        "text": _said,
        "corrected_text": _said,
        **_all_shown("language", "confidence", "engine"),
    }
)
_MESSAGE = _Each(
    {
        **_all_shown("seq", "direction", "sent_at", "kind", "attachment_id", "delivery"),
        "text": _said,
        "external_id": _id,
    }
)
_INTERACTION = _Each(
    {
        **_all_shown("interaction_id", "channel", "channel_id", "direction", "node", "started_at", "queued_at"),
        **_all_shown("answered_at", "ended_at", "disposition", "agent_id"),
        **dict.fromkeys(("external_id", "from_raw", "to_raw", "asserted_identity", "diversion"), _raw),
        "flow": _all_shown("name", "version"),
        "dtmf": _keys,
        "recording": _all_shown("url", "duration_s", "sha256", "tracks"),
        "transcript": _SEGMENT,
        "messages": _MESSAGE,
    }
)
_UNIT = _Each(
    {
        **_all_shown("unit", "role", "dispatched_at", "signed_at", "due_at", "status"),
        "returns": _Each({**_all_shown("at", "unit", "rule"), "reason": _said}),
    }
)
FIELDS: _Fields = {
    **_all_shown("ticket_id", "ticket_no", "schema_version", "status", "created_at", "updated_at", "version"),
    **_all_shown("event_seq", "empty", "erased_at", "line", "channel", "channel_id", "entry_number"),
    "source": {"name": _shown, "event_id": _id},
    "interactions": _INTERACTION,
    "requester": {
        "requester_id": _unless_hidden(_shown, _wholly),
        "name": _name,
        "phone": _number,
        "callback_phone": _number,
        "gender": _unless_hidden(_shown, lambda *_: None),
        "org_name": _unless_hidden(_said, _wholly),
        "uscc": _unless_hidden(_shown, _wholly),
        "returning": _unless_hidden(_shown, lambda *_: False),
        "labels": _labels,
        **_all_shown("kind", "contact_by", "anonymous", "secret", "language", "accessibility"),
    },
    "demand": {
        "type": _shown,
        "title": _said,
        "content": _said,
        "category": _all_shown("code", "l1", "l2", "l3", "l4", "taxonomy_version"),
        "urgency": {"level": _shown, "reason": _said},
        "emergency": _shown,
        "complained_about": {"name": _said, "phone": _number},
    },
    "place": {
        "address": _said,
        "district": _DIVISION,
        "street": _DIVISION,
        "community": _DIVISION,
        **_all_shown("grid_id", "lat", "lon", "crs"),
    },
    "handling": {
        "lead_unit": _shown,
        "units": _UNIT,
        "routing_trace": _Each({**_all_shown("stage", "rule"), "reason": _said}),
        "clocks": _Each(_all_shown("kind", "started_at", "due_at", "met_at", "breached_at")),
        "callback": _all_shown("state", "due_at", "attempts", "how"),
    },
    "outcome": {
        **_all_shown("replied_at", "resolved", "closed_at"),
        "public_reply": _said,
        "evaluation": {**_all_shown("channel", "satisfied"), "comment": _said},
    },
    "prefill": {
        "fields": _fields,
        "candidates": dict.fromkeys(("category", "unit", "district", "street", "community"), _CANDIDATE),
        "mentions": _mentions,
        "pending": _shown,
    },
    "related": {
        **_all_shown("parent_id", "child_ids", "merged_into", "merged_ids"),
        "similar": _Each(_all_shown("ticket_id", "score")),
    },
    "attachments": _Each(
        {**_all_shown("attachment_id", "media_type", "bytes", "sha256", "error"), "name": _said, "url": _url}
    ),
}
"""The record (DESIGN section 3), field by field."""


def _masked(value: Any, how: Any, eyes: _Eyes) -> Any:
    if isinstance(how, Mapping):
        if not isinstance(value, Mapping):
            return None
        return {key: _masked(inner, how.get(key, _concealed), eyes) for key, inner in value.items()}
    if isinstance(how, _Each):
        return [_masked(one, how.fields, eyes) for one in value] if isinstance(value, list | tuple) else []
    return how(value, eyes)


def record(full: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a record, or of a list item, with personal values masked; ``full`` stays as it is."""
    masked: dict[str, Any] = _masked(full, FIELDS, _Eyes(full))
    return masked


def searchable(full: Mapping[str, Any]) -> str:
    """The words of a record, or of its sections alone, as people find it who see it masked; in lower case.

    Title, address and the first ``SEARCHED`` characters of the content, no number of the requester.
    """
    veil = Veil(full)
    demand, place = full.get("demand") or {}, full.get("place") or {}
    content = veil.text((demand.get("content") or "")[: SEARCHED + _BEYOND]) or ""
    words = (veil.text(demand.get("title")), content[:SEARCHED], veil.text(place.get("address")))
    return " ".join(one for one in words if one).lower()


def refused_call(full: Mapping[str, Any]) -> dict[str, Any]:
    """A refused call with its number masked."""
    return {
        **full,
        "number": phone(full["number"]) if full["phone"] else wholly(full["number"]),
        "phone": phone(full["phone"]),
    }


def callback(full: Mapping[str, Any]) -> dict[str, Any]:
    """A callback task with its phone and notes masked; ``hidden``: whether its requester wants to stay unknown."""
    told: dict[str, Any] = {**full, "phone": (wholly if full["hidden"] else phone)(full.get("phone"))}
    for key in ("last_attempt", "closed"):
        if told.get(key):
            note = told[key]["note"]
            told[key] = {**told[key], "note": (wholly if full["hidden"] else text)(note)}
    return told
