"""The shape of the record as documents hold it: its sections and what stands there by default, by ``fields.TABLE``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from gateway.domain.fields import TABLE, Kind
from gateway.errors import RejectedInput

SCHEMA_VERSION = 1
Tree = dict[str, Any]
Path = tuple[str, ...]
"""A record path, e.g. ``("demand", "type")``."""

SECTIONS: dict[str, Tree] = {row.path: TABLE.default(row.path) for row in TABLE.within() if row.kind is Kind.OBJECT}
"""Defaults by section; ``doc`` of a ticket row holds only what differs."""
HOT = frozenset({"status", "line", "empty"})
"""Top-level fields that are columns."""
OTHER = frozenset({"entry_number", "source", "attachments"})
"""Top-level fields that lie in ``doc``."""
CODED: dict[Path, str] = {tuple(row.path.split(".")): row.code for row in TABLE if row.code}
"""Fields that are objects named by one key: a plain value stands for ``{key: value}``."""
OFFERED: dict[Path, str] = {tuple(row.path.split(".")): row.offered for row in TABLE if row.offered}
"""Fields whose candidates the record offers, and where."""


@lru_cache(maxsize=1024)
def check_path(path: Path) -> None:
    """``RejectedInput`` unless ``path`` names a field of the record that a Change may set."""
    if not ((len(path) == 1 and path[0] in HOT | OTHER) or TABLE.holds(path)):
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
