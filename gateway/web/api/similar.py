"""``GET /tickets/{id}/similar``, and merging (并单)."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gateway.domain import masking
from gateway.errors import Conflict, StaleVersion
from gateway.intake.ticket import at_desk
from gateway.intake.ticket.similar import SimilarView
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import MergeBody, UnmaskedQuery
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import READ, WRITE
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

_NONE = SimilarView((), reporters=1, repeats=0, complete=False)


async def similar(context: Context) -> web.Response:
    """Open tickets that may be about the same matter."""
    record = await read(context)
    index = context.services.similar
    view = await index.view(record["ticket_id"]) if index is not None else _NONE
    principal = context.principal
    if principal.sees_all:
        for one in view.items:
            context.house.seen.saw(principal.actor, "list", one.words.ticket_id)
    # What is masked in a title stands in the whole record: names are hidden wherever they occur.
    reader = context.services.reader
    found = await asyncio.gather(*(reader.ticket(one.words.ticket_id) for one in view.items))
    titles = [await context.house.masked.told(full, principal, lambda told: told["demand"]["title"]) for full in found]
    items: list[dict[str, Any]] = [
        {
            **{key: full[key] for key in ("ticket_id", "ticket_no", "status", "created_at")},
            "title": title,
            "score": one.score,
            "same_requester": one.same_requester and not any(map(_hides, (full, record))),
            "reporters": one.reporters,
        }
        for one, full, title in zip(view.items, found, titles, strict=True)
    ]
    counts = {"reporters": view.reporters, "repeats": view.repeats, "complete": view.complete}
    return json_response({"items": items, **counts})


def _hides(record: dict[str, Any]) -> bool:
    return masking.is_hidden(record["requester"])


async def merge(context: Context) -> web.Response:
    """Merge this ticket into another one."""
    version = expected_version(context.request)
    body = await context.body(MergeBody)
    record = await read(context)
    services = context.services
    command = await at_desk.merging(
        services.reader, record, body.into, at=services.clock.now(), actor=context.principal.actor, version=version
    )
    try:
        await services.store.execute(command)
    except StaleVersion:
        raise
    except Conflict as error:
        raise Problem(409, "not_mergeable", f"{error}.") from None
    return await ticket_response(context, await services.reader.ticket(record["ticket_id"]))


async def unmerge(context: Context) -> web.Response:
    """Undo a merge."""
    version = expected_version(context.request)
    record = await read(context)
    services = context.services
    await services.store.execute(
        at_desk.unmerging(record, at=services.clock.now(), actor=context.principal.actor, version=version)
    )
    return await ticket_response(context, await services.reader.ticket(record["ticket_id"]))


_ERRORS = (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503)
_IF_MATCH = (("If-Match", 'The version that was read, e.g. "3".'),)
ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/similar",
        handler=similar,
        summary="Open tickets that may be about the same matter, and how many people reported it",
        scope=READ,
        returns="SimilarList",
        errors=(401, 403, 404, 429, 503),
    ),
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/merge",
        handler=merge,
        summary="Merge the ticket into another one; its requester, interactions and callback stay. Repeating is safe",
        scope=WRITE,
        query=UnmaskedQuery,
        body=MergeBody,
        returns="Ticket",
        errors=_ERRORS,
        headers=_IF_MATCH,
    ),
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/unmerge",
        handler=unmerge,
        summary="Make a merged ticket one of its own again, with the status that it had (no body)",
        scope=WRITE,
        query=UnmaskedQuery,
        returns="Ticket",
        errors=tuple(code for code in _ERRORS if code != 415),  # noqa: PLR2004 - there is no body to be of a wrong type
        headers=_IF_MATCH,
    ),
)
