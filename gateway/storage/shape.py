"""The shape of the record as documents hold it: its sections and what stands there by default, by ``fields.TABLE``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.fields import TABLE, Kind

SCHEMA_VERSION = 1
Tree = dict[str, Any]
Path = tuple[str, ...]
"""A record path, e.g. ``("demand", "type")``."""

SECTIONS: dict[str, Tree] = {row.path: TABLE.default(row.path) for row in TABLE.within() if row.kind is Kind.OBJECT}
"""Defaults by section: ``doc`` of an older ticket row holds only what differs."""


def get_in(doc: Tree, path: Path) -> Any:
    """What a document of plain dicts, of whichever version, holds at ``path``; None when nothing."""
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
