"""A correction that says what each of its fields held when its author saw them: only a change of these is a conflict.

While a call goes on each sentence makes a version of its ticket; who corrects the district need not read it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from aiohttp import web

from gateway.domain import masking
from gateway.domain.fields import TABLE
from gateway.errors import StaleVersion
from gateway.web.api.models import SeenField
from gateway.web.problems import Problem

TRIES = 5
"""So often a ticket may change between being read and being corrected, until somebody else has to try."""


def check_seen(record: Mapping[str, Any], seen: Iterable[SeenField], paths: Collection[str], *, sees: bool) -> None:
    """409 that names the fields of ``paths`` that no longer hold what was ``seen``; 422 for one that is missing there.

    ``sees``: whether they were seen as they are; else as they are shown masked.
    """
    held = {one.path: one.value for one in seen}
    if missing := sorted(set(paths) - held.keys()):
        raise Problem(422, "seen_missing", f"seen holds every field that is corrected; {missing[0]} is missing.")
    shown = record if sees else masking.record(record)
    changed = sorted(path for path in paths if _code(path, _at(shown, path)) != held[path])
    if changed:
        errors = [{"path": path, "message": "somebody has changed it since you saw it"} for path in changed]
        detail = f"Somebody has changed {', '.join(changed)} since you saw it; look at it again."
        raise Problem(409, "field_changed", detail, errors=errors)


async def corrected(attempt: Callable[[], Awaitable[web.Response]]) -> web.Response:
    """What ``attempt`` answers, which reads the ticket anew each time; again when it changed in between."""
    for _ in range(TRIES - 1):
        try:
            return await attempt()
        except StaleVersion:
            continue
    return await attempt()


def _at(record: Mapping[str, Any], path: str) -> Any:
    node: Any = record
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def _code(path: str, value: Any) -> Any:
    row = TABLE.get(path)
    return value.get(row.code) if row is not None and row.code and isinstance(value, Mapping) else value
