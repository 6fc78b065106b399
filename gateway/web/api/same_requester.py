"""Other tickets from the same number or account, maybe of the same person (可能是同一人); only an agent decides.

Of requesters who want to stay unknown nothing is offered, and to their tickets nothing.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from gateway.edge.contact import Word
from gateway.edge.field_models import Closed
from gateway.intake.ticket.correct import CorrectTicket
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import UnmaskedQuery
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import READ, WRITE
from gateway.web.masked import encoded, shown, viewer
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_page

MOST = 20
_TAKEN = ("name", "gender", "org_name", "uscc", "language", "accessibility")
"""What an agent may take over; the number to call at as well, where the ticket has none."""


class SameRequesterBody(Closed):
    """``POST /tickets/{id}/actions/same_requester``."""

    ticket_id: Word = Field(description="One of the tickets that same-requester lists.")


async def same_requester(context: Context) -> web.Response:
    """What other tickets say about whoever contacts us from there, each with where it comes from; newest first."""
    record = await read(context)
    found = await context.services.reader.same_requester(record["ticket_id"], limit=MOST)
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
        **{key: requester[key] for key in (*_TAKEN, "phone", "callback_phone")},
    }


async def take_over(context: Context) -> web.Response:
    """It is the same person: what that ticket says of them fills what this one does not say."""
    version = expected_version(context.request)
    body = await context.body(SameRequesterBody)
    record = await read(context)
    offered = await context.services.reader.same_requester(record["ticket_id"], limit=MOST)
    other = next((one for one in offered if one["ticket_id"] == body.ticket_id.upper()), None)
    if other is None:
        raise Problem(404, "not_found", "This ticket is none that is offered as maybe the same requester's.")
    fields = _taken(record["requester"], other["requester"])
    if not fields:
        raise Problem(409, "nothing_to_take", "That ticket says nothing of the requester that this one does not say.")
    actor = context.principal.actor
    await context.services.store.execute(
        CorrectTicket(
            at=context.services.clock.now(),
            actor=actor,
            ticket_id=record["ticket_id"],
            version=version,
            values={f"requester.{key}": value for key, value in fields.items()},
            told=tuple(sorted(f"requester.{key}" for key in fields)),
        )
    )
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


def _taken(own: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    fields = {key: other[key] for key in _TAKEN if other[key] and not own[key]}
    number = other["callback_phone"] or other["phone"]
    if number and not own["callback_phone"] and not own["phone"]:
        fields["callback_phone"] = number
    return fields


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
