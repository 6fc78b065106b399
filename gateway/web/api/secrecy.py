"""Lifting ``requester.secret``: only by who sees everything, with a reason; plain writes that clear it are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.domain.ticket import SECRET
from gateway.intake.ticket.at_desk import lift_noted, lifting
from gateway.web.api.models import LiftSecrecyBody, UnmaskedQuery
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import WRITE
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

_PATH = "/api/v1/tickets/{ticket}/actions/lift-secrecy"


def check_kept(record: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Refuse corrections that would make a secret requester known."""
    if record["requester"]["secret"] and SECRET in fields and not fields[SECRET]:
        raise Problem(
            409,
            "secret_stays",
            "Who asked to be kept secret stays so. Whoever may see everything can lift it, with a reason and audited: "
            f"POST {_PATH.format(ticket=record['ticket_id'])}.",
        )


async def lift(context: Context) -> web.Response:
    """Make a secret requester an ordinary one; the audit trail and the ticket's history say who did, and why."""
    if not context.principal.sees_all:
        raise Problem(403, "admin_only", "Only who may see everything can lift secrecy.")
    body = await context.body(LiftSecrecyBody)
    record = await read(context)
    services = context.services
    command = lifting(record, body.reason, at=services.clock.now(), actor=context.principal.actor)
    await context.house.audit(context.principal, lift_noted(body.reason), record["ticket_id"])
    await services.store.execute(command)
    return await ticket_response(context, await services.reader.ticket(record["ticket_id"]))


ROUTES = (
    Route(
        method="POST",
        path=_PATH,
        handler=lift,
        summary="A requester who was secret is no more; admin only, audited",
        scope=WRITE,
        query=UnmaskedQuery,
        body=LiftSecrecyBody,
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
    ),
)
