"""``POST /tickets/{id}/actions/withdraw``: the requester takes a ticket back (诉求人撤回)."""

from __future__ import annotations

from aiohttp import web

from gateway.errors import Conflict, StaleVersion
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import UnmaskedQuery, WithdrawBody
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import WRITE
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route


async def withdraw(context: Context) -> web.Response:
    """The ticket is done with: its requester wants nothing more."""
    version = expected_version(context.request)
    body = await context.body(WithdrawBody)
    record = await read(context)
    command = WithdrawTicket(
        at=context.services.clock.now(),
        actor=context.principal.actor,
        ticket_id=record["ticket_id"],
        version=version,
        reason=body.reason,
    )
    try:
        await context.services.store.execute(command)
    except StaleVersion:
        raise
    except Conflict as error:
        raise Problem(409, "not_withdrawable", f"{error}.") from None
    return await ticket_response(context, await context.services.reader.ticket(record["ticket_id"]))


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/actions/withdraw",
        handler=withdraw,
        summary="The requester takes the ticket back, unless it is answered or closed. Repeating is safe",
        scope=WRITE,
        query=UnmaskedQuery,
        body=WithdrawBody,
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429, 503),
        headers=(("If-Match", 'The version that was read, e.g. "3".'),),
    ),
)
