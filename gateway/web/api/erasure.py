"""``POST /api/v1/tickets/{id}/actions/erase``: a ticket's personal data go for good (docs/erasure.md)."""

from __future__ import annotations

from aiohttp import web

from gateway.errors import Conflict
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import ADMIN
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route


async def erase(context: Context) -> web.Response:
    """Erase one ticket. Its codes, instants and events stay."""
    erasure = context.services.erasure
    if erasure is None:
        raise Problem(404, "not_found", "Nothing is erased here.")
    record = await read(context)
    try:
        await erasure.ticket(record["ticket_id"], actor=context.principal.actor)
    except Conflict as error:
        raise Problem(409, "not_erasable", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/erase",
        handler=erase,
        summary="Erase what the ticket holds of a person, for good; admin only, audited. Repeating is safe (no body)",
        scope=ADMIN,
        returns="Ticket",
        errors=(401, 403, 404, 409, 429, 503),
    ),
)
