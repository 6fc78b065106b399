"""The shape of the record (docs/record.md): its sections, their fields, and what stands there by default."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.domain.change import Path
from gateway.errors import RejectedInput

SCHEMA_VERSION = 1
Tree = dict[str, Any]

_DIVISION: Tree = {"code": None, "name": None}
SECTIONS: dict[str, Tree] = {
    "requester": {
        "requester_id": None,
        "kind": "citizen",
        "name": None,
        "phone": None,
        "callback_phone": None,
        "contact_by": None,
        "gender": None,
        "org_name": None,
        "uscc": None,
        "anonymous": False,
        "secret": False,
        "language": None,
        "accessibility": [],
        "returning": False,
        "labels": [],
    },
    "demand": {
        "type": None,
        "title": None,
        "content": None,
        "category": {"code": None, "l1": None, "l2": None, "l3": None, "l4": None, "taxonomy_version": None},
        "urgency": {"level": None, "reason": None},
        "emergency": None,
        "complained_about": {"name": None, "phone": None},
    },
    "place": {
        "address": None,
        "district": _DIVISION,
        "street": _DIVISION,
        "community": _DIVISION,
        "grid_id": None,
        "lat": None,
        "lon": None,
        "crs": None,
    },
    "handling": {"lead_unit": None, "units": [], "routing_trace": [], "clocks": [], "callback": None},
    "outcome": {
        "replied_at": None,
        "public_reply": None,
        "resolved": None,
        "evaluation": {"channel": None, "satisfied": None, "comment": None},
        "closed_at": None,
    },
    "prefill": {
        "fields": {},
        "candidates": {"category": [], "unit": [], "district": [], "street": [], "community": []},
        "mentions": [],
        "pending": False,
    },
    "related": {
        "parent_id": None,
        "child_ids": [],
        "merged_into": None,
        "merged_ids": [],
        "similar": [],
    },
}
"""Defaults by section; ``doc`` of a ticket row holds only what differs."""

OPEN_VALUES = frozenset({("prefill", "fields")})
"""Places whose inner keys are not listed in ``SECTIONS``."""
HOT = frozenset({"status", "line", "empty"})
"""Top-level fields that are columns."""
OTHER = frozenset({"entry_number", "source", "attachments"})
"""Top-level fields that lie in ``doc``."""
CODED: dict[Path, str] = {("demand", "category"): "code", ("demand", "urgency"): "level"}
CODED.update({("place", level): "code" for level in ("district", "street", "community")})
"""Fields that are objects named by one key: a plain value stands for ``{key: value}``."""

OFFERED: dict[Path, str] = {("demand", "category"): "category", ("handling", "lead_unit"): "unit"}
OFFERED.update({("place", level): level for level in ("district", "street", "community")})
"""Fields whose candidates the record offers, and where."""


@lru_cache(maxsize=1024)
def check_path(path: Path) -> None:
    """``RejectedInput`` unless ``path`` names a field of the record that a Change may set."""
    if (len(path) == 1 and path[0] in HOT | OTHER) or path[:1] == ("source",):
        return
    node: Any = SECTIONS
    for n, key in enumerate(path):
        if path[:n] in OPEN_VALUES:
            return
        if not isinstance(node, dict) or key not in node:
            break
        node = node[key]
    else:
        if len(path) > 1:
            return
    raise RejectedInput(f"the record has no field {'.'.join(map(str, path))!r} that can be set")


def shaped(path: Path, value: Any) -> Any:
    """``value`` as it stands in the record at ``path``: a bare code becomes the coded object."""
    key = CODED.get(path)
    return {key: value} if key is not None and value is not None and not isinstance(value, Mapping) else value


def code_of(path: Path, value: Any) -> Any:
    """What ``prefill.fields`` keeps of ``value``: for coded fields the code."""
    key = CODED.get(path)
    return value.get(key) if key is not None and isinstance(value, Mapping) else value


def set_in(doc: Tree, path: Path, value: Any) -> None:
    """Set ``path`` in a sparse document of plain dicts, making what lies between. ``doc`` is altered in place."""
    node = doc
    for key in path[:-1]:
        inner = node.get(key)
        if type(inner) is not dict:
            inner = node[key] = {}
        node = inner
    node[path[-1]] = value


def get_in(doc: Tree, path: Path) -> Any:
    """What a sparse document of plain dicts holds at ``path``; None when nothing."""
    node: Any = doc
    for key in path:
        if type(node) is not dict:
            return None
        node = node.get(key)
    return node


def filled(default: Any, value: Any) -> Any:
    """``value`` over ``default``: every key of the default is there, in its order; nested objects likewise."""
    if isinstance(default, list):
        return list(value or ())
    if not isinstance(default, dict):
        return default if value is None and default is not None else value
    given = value if isinstance(value, Mapping) else {}
    whole = {key: filled(inner, given.get(key)) for key, inner in default.items()}
    whole.update((key, inner) for key, inner in given.items() if key not in default)
    return whole
