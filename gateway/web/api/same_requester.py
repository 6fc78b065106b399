"""Other tickets from the same number or account, maybe of the same person (可能是同一人); only an agent decides.

Of requesters who want to stay unknown nothing is offered, and to their tickets nothing.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.intake.ticket import at_desk
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import SameRequesterBody, UnmaskedQuery
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import READ, WRITE
from gateway.web.masked import encoded, shown, viewer
from gateway.web.routing import Context, Route, json_page


async def same_requester(context: Context) -> web.Response:
    """What other tickets say about whoever contacts us from there, each with where it comes from; newest first."""
    record = await read(context)
    found = await context.services.reader.same_requester(record["ticket_id"], limit=at_desk.MOST_OFFERED)
    principal = context.principal
    if principal.sees_all:
        for one in found:
            context.house.seen.saw(principal.actor, "list", one["ticket_id"])
    kind = viewer(principal)
    items = await context.house.masked.views(
        found, f"same requester {kind}", lambda one: encoded(_candidate(shown(one, kind)))
    )
    return json_page(items)


def _candidate(record: dict[str, Any]) -> dict[str, Any]:
    requester = record["requester"]
    return {
        **{key: record[key] for key in ("ticket_id", "ticket_no", "created_at", "channel", "status")},
        "title": record["demand"]["title"],
        **{key: requester[key] for key in (*at_desk.TAKEN, "phone", "callback_phone")},
    }


async def take_over(context: Context) -> web.Response:
    """It is the same person: what that ticket says of them fills what this one does not say."""
    version = expected_version(context.request)
    body = await context.body(SameRequesterBody)
    record = await read(context)
    services = context.services
    command = await at_desk.taking_over(
        services.reader, record, body.ticket_id, at=services.clock.now(), actor=context.principal.actor, version=version
    )
    await services.store.execute(command)
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/same-requester",
        handler=same_requester,
        summary="Other tickets from the same number or account: maybe the same person; never of who hides",
        scope=READ,
        returns="SameRequesterList",
        errors=(401, 403, 404, 429, 503),
    ),
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/same_requester",
        handler=take_over,
        summary="It is the same person: fill what is empty of the requester from that ticket",
        scope=WRITE,
        query=UnmaskedQuery,
        body=SameRequesterBody,
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503),
        headers=(("If-Match", 'The version that was read, e.g. "3".'),),
    ),
)
