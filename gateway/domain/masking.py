"""What of a record is shown to whom need not see everything, by the ``mask`` of each row of ``fields.TABLE``.

A field that stands in no row is not shown. Everything that leaves for such
eyes (record, lists, vCon, Open311, feeds that redact, exports) is made from ``record``; ``searchable`` is what all
searches are held against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from gateway.domain.fields import TABLE, FieldRow, FieldTable, Kind, Mask
from gateway.domain.keys import CONVERSATION
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
RULES = 1
"""Raised with every change of what ``searchable`` makes of a record: texts that are searched are made anew then."""
SEARCHED = 2000
"""Characters of a content in which people can search."""
_BEYOND = 200
"""So many more are read, so that a number or name that stands across the end is masked as a whole."""
_WORD = re.compile(r"\w")
_RAW_PART = re.compile(r"@[^>;]*|(?<!\w)(?:sips?|tel|mailto):|(?<!\w)\+?\d+(?!\w)|\w+", re.IGNORECASE)
_HOTLINE = 6
"""Numbers of so few digits are the city's or an extension's."""
_WHOLE_NUMBER = 11
_MOBILE = re.compile(r"(?<!\d)(?:\+?86)?1[3-9]\d{9}(?!\d)")
_SHORTEST_ADDRESS = 5
_OWN_URL = "/api/"

_How = Callable[[Any, "_Eyes"], Any]


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
        if str(item.get("external_id") or "").startswith(CONVERSATION):
            yield str(item["external_id"]).removeprefix(CONVERSATION)


def _stars(value: str) -> str:
    return _WORD.sub(MASK, value)


def _shown(value: Any, _: _Eyes) -> Any:
    """Codes, instants, figures and ids of our own."""
    if isinstance(value, list | tuple):
        return [one for one in value if not isinstance(one, Mapping | list | tuple)]
    return None if isinstance(value, Mapping) else value


def _concealed(value: Any, _: _Eyes) -> Any:
    """Fields that stand in no row."""
    return _stars(value) if isinstance(value, str) else None


def _said(value: Any, eyes: _Eyes) -> Any:
    return eyes.text(value) if isinstance(value, str) else None


def _name(value: Any, eyes: _Eyes) -> Any:
    return eyes.name(value) if isinstance(value, str) else None


def _number(value: Any, eyes: _Eyes) -> Any:
    return eyes.phone(value) if isinstance(value, str) else None


def _wholly(value: Any, _: _Eyes) -> Any:
    return wholly(value) if isinstance(value, str) else None


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


_MASKS: Mapping[Mask, _How] = {
    Mask.SHOWN: _shown,
    Mask.SAID: _said,
    Mask.NAME: _name,
    Mask.NUMBER: _number,
    Mask.RAW: _raw,
    Mask.FOREIGN_ID: _id,
    Mask.URL: _url,
    Mask.KEYS: _keys,
    Mask.WHOLLY: _wholly,
    Mask.GUESSED: _concealed,
    Mask.MENTIONED: _concealed,
}
"""What a guess or a mention holds is masked by ``_Guesses`` and ``_Mentions``, which know what it is for."""
_WHOLE_LISTS = frozenset({Mask.SHOWN, Mask.KEYS})
"""These look at a list of values as a whole; others at each."""


def _by_mask(mask: Mask, hidden: Mask | None = None, *, many: bool = False, unknown: Any = None) -> _How:
    """How a value is masked; ``unknown`` is what stands there when nobody told it."""
    shown = _one_mask(mask, many=many, unknown=unknown)
    if hidden is None:
        return shown
    otherwise = _one_mask(hidden, many=many, unknown=unknown)
    return lambda value, eyes: (otherwise if eyes.hidden else shown)(value, eyes)


def _one_mask(mask: Mask, *, many: bool, unknown: Any) -> _How:
    if mask is Mask.UNKNOWN:
        return lambda *_: copy(unknown)
    how = _MASKS[mask]
    return (lambda value, eyes: [how(one, eyes) for one in value or ()]) if many and mask not in _WHOLE_LISTS else how


_KINDS: Mapping[str, _How] = {
    "person": _by_mask(Mask.NAME),
    "phone": _by_mask(Mask.NUMBER),
    "id_number": _by_mask(Mask.SAID),
    "organisation": _by_mask(Mask.SAID),
    "uscc": _by_mask(Mask.SHOWN, Mask.WHOLLY),
    "plate": _by_mask(Mask.SHOWN, Mask.WHOLLY),
    "money": _by_mask(Mask.SHOWN),
    "time": _by_mask(Mask.SHOWN),
}
"""How a mention's value is masked, by its kind. Plates and firms are what complaints are about."""


@dataclass(frozen=True, slots=True)
class _Each:
    """A list of objects with these fields."""

    fields: Mapping[str, Any]

    def __call__(self, value: Any, eyes: _Eyes) -> Any:
        return [_masked(one, self.fields, eyes) for one in value] if isinstance(value, list | tuple) else []


@dataclass(frozen=True, slots=True)
class _Mentions(_Each):
    """``prefill.mentions``: each value as its kind is masked; of a kind that stands in no row nothing is shown."""

    def __call__(self, value: Any, eyes: _Eyes) -> Any:
        return [
            {
                **_masked(one, self.fields, eyes),
                "value": _KINDS.get(str(one.get("kind")), _concealed)(one.get("value"), eyes),
            }
            for one in value or ()
        ]


@dataclass(frozen=True, slots=True)
class _Guesses:
    """``prefill.fields``: each value as the field that it is for; of one that is for no field nothing is shown."""

    entry: Mapping[str, Any]
    record: Mapping[str, Any]

    def __call__(self, value: Any, eyes: _Eyes) -> Any:
        return {
            path: {**_masked(entry, self.entry, eyes), "value": self._at(path)(entry.get("value"), eyes)}
            for path, entry in (value or {}).items()
            if isinstance(entry, Mapping)
        }

    def _at(self, path: str) -> _How:
        node: Any = self.record
        for key in path.split("."):
            node = node.get(key) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):  # of coded fields the code stands there
            return _shown
        return _concealed if node is None or isinstance(node, _Each | _Guesses) else node


_Fields = Mapping[str, Any]
"""Key -> how it is masked: a ``_How``, or the fields within."""


def masks(table: FieldTable) -> _Fields:
    """How each field of ``table`` is masked."""
    record: dict[str, Any] = {}
    record |= {row.name: _of_row(table, row, record) for row in table.within()}
    return record


def _of_row(table: FieldTable, row: FieldRow, record: _Fields) -> Any:
    within = {one.name: _of_row(table, one, record) for one in table.within(row.path)}
    match row.kind:
        case Kind.OBJECT:
            return within
        case Kind.MAP:
            return _Guesses(within, record)
        case Kind.LIST:
            mentions = any(one.mask is Mask.MENTIONED for one in table.within(row.path))
            return (_Mentions if mentions else _Each)(within)
        case _:
            return _by_mask(row.mask, row.hidden, many=row.many, unknown=table.default(row.path))


FIELDS = masks(TABLE)
"""The record, field by field."""


def _masked(value: Any, how: Any, eyes: _Eyes) -> Any:
    if isinstance(how, Mapping):
        if not isinstance(value, Mapping):
            return None
        return {key: _masked(inner, how.get(key, _concealed), eyes) for key, inner in value.items()}
    return how(value, eyes)


def record(full: Mapping[str, Any], fields: _Fields = FIELDS) -> dict[str, Any]:
    """A copy of a record, or of a list item, with personal values masked; ``full`` stays as it is."""
    masked: dict[str, Any] = _masked(full, fields, _Eyes(full))
    return masked


def searchable(full: Mapping[str, Any]) -> str:
    """The words of a record, or of its sections alone, by which people find it, whatever they may see; in lower case.

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
