"""A correction that says what each of its fields held when its author saw them: only a change of these is a conflict.

While a call goes on each sentence makes a version of its ticket; who corrects the district need not read it again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Any

from aiohttp import web

from gateway.domain.fields import TABLE
from gateway.errors import StaleVersion
from gateway.web.api.models import SeenField
from gateway.web.api.rewording import value_at
from gateway.web.api.tickets import asks_unmasked
from gateway.web.problems import Problem
from gateway.web.routing import Context

TRIES = 5
"""So often a ticket may change between being read and being corrected, until somebody else has to try."""


async def check_seen(
    context: Context, record: dict[str, Any], seen: Iterable[SeenField], paths: Collection[str]
) -> None:
    """409 that names the fields of ``paths`` that no longer hold what was ``seen``; 422 for one that is missing there.

    They are compared as the client is shown them. Unmasked, a 409 tells what a field does not hold: that is a look at
    the ticket, and written down first.
    """
    held = {one.path: one.value for one in seen}
    if missing := sorted(set(paths) - held.keys()):
        raise Problem(422, "seen_missing", f"seen holds every field that is corrected; {missing[0]} is missing.")

    def differing(shown: Mapping[str, Any]) -> list[str]:
        return sorted(path for path in paths if TABLE.coded(path, value_at(shown, path.split("."))) != held[path])

    if asks_unmasked(context):
        await context.house.reveal(context.principal, record["ticket_id"])
        changed = differing(record)
    else:
        changed = await context.house.masked.told(record, context.principal, differing)
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
