"""``POST …/tickets/{ticket}/actions/{verb}``: what is done with a case as a whole (docs/case.md)."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from aiohttp import web

from gateway.casework.acting import KEYS
from gateway.casework.dispatcher import UnknownUnit
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Command
from gateway.domain.keys import ExternalKey
from gateway.errors import AlreadyErased, Conflict, StaleVersion
from gateway.web.api.case_bodies import CASE_BODIES
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import UnmaskedQuery
from gateway.web.api.tickets import read, ticket_response
from gateway.web.auth import WRITE
from gateway.web.idempotency import HEADER, key_of
from gateway.web.nearest import nearest
from gateway.web.problems import Problem
from gateway.web.routing import Context, Handler, Route

Made = TypeVar("Made", bound=Command)
KEY_HEADER = (HEADER, "A request repeated under the same key changes nothing.")
OPTIONAL_HEADERS = (
    ("If-Match", 'The version that was read, e.g. "3"; without it the newest is meant.'),
    KEY_HEADER,
)
_SUMMARIES = {
    CaseVerb.DISPATCH: "派单: by the tables in force, or to the unit that the centre names. Without a unit that "
    "follows from them the ticket waits for the centre (undecided_since)",
    CaseVerb.REPLY: "回复: what the requester is told, once every unit has finished",
    CaseVerb.EVALUATE: "评价: 1 to 5, of the reply that is named, or that was given last",
    CaseVerb.ARCHIVE: "归档: after an evaluation, or why there is none",
    CaseVerb.REOPEN: "重办: the units do it again",
    CaseVerb.INFORM: "告知: others decide about this by law, or it was answered on the spot",
    CaseVerb.DEFLECT: "引导: the requester was told whose matter it is",
    CaseVerb.SUPERVISE: "督办: the units are pressed on",
    CaseVerb.CONFER: "联动会商: a talk about it with units, by one of the plan's six ways; by way system they are told",
}


def wanted_version(request: web.Request) -> int | None:
    """The version that ``If-Match`` names, None without one; 400 when it is no version."""
    return expected_version(request) if "If-Match" in request.headers else None


async def request_key(context: Context, about: str) -> ExternalKey | None:
    """The key under which what is asked ``about`` may be asked again; 400 when it is none.

    ``about`` names what is acted on and how, whatever the path calls it.
    """
    try:
        key = key_of(context.request)
    except ValueError as error:
        raise Problem(400, "invalid_idempotency_key", str(error)) from None
    if key is None:
        return None
    told = f"{context.principal.actor} {about} {key}".encode()
    body = hashlib.sha256(told + await context.request.read())  # nobody who lacks the key can try out what it said
    return ExternalKey(channel_id=KEYS, external_id=hashlib.sha256(told).hexdigest(), body_sha256=body.hexdigest())


async def execute(context: Context, command: Command) -> None:
    """Carry out ``command``; 409 ``not_now`` when the case stands so that it cannot be done."""
    try:
        await context.services.store.execute(command)
    except (StaleVersion, AlreadyErased):
        raise
    except Conflict as error:
        raise Problem(409, "not_now", f"{error}.") from None


async def carry_out(context: Context, command: Command, ticket_id: str) -> web.Response:
    """The ticket after ``command``, see ``execute``."""
    await execute(context, command)
    return await ticket_response(context, await context.services.reader.ticket(ticket_id))


async def made(context: Context, command: Callable[[], Made]) -> Made:
    """The command; 422 that names the nearest unit for one that the directory does not hold."""
    try:
        return command()
    except UnknownUnit as error:
        code, names = error.unit, context.cases.dispatcher.unit_names
    if not names:
        raise Problem(422, "unknown_code", f"unit: there is no unit {code}; no directory has been imported")
    meant = await asyncio.to_thread(nearest, code, names)
    message = f"there is no such code; the nearest is {meant} {names[str(meant)]}"
    about = {"path": "unit", "message": message, "nearest": {"code": meant, "name": names[str(meant)]}}
    raise Problem(422, "unknown_code", f"unit: {message}", errors=[about])


def _doing(verb: CaseVerb) -> Callable[[Context], Awaitable[web.Response]]:
    async def act(context: Context) -> web.Response:
        version = wanted_version(context.request)
        body = await context.body(CASE_BODIES[verb])
        record = await read(context)
        key = await request_key(context, f"{record['ticket_id']} {verb}")
        said, actor = body.model_dump(), context.principal.actor
        doing = partial(context.cases.acting.on_case, verb, record, actor, said, version=version, key=key)
        command = await made(context, doing)
        return await carry_out(context, command, record["ticket_id"])

    return act


def _route(verb: CaseVerb, handler: Handler) -> Route:
    return Route(
        method="POST",
        path=f"/api/v1/tickets/{{ticket}}/actions/{verb}",
        handler=handler,
        summary=_SUMMARIES[verb],
        scope=WRITE,
        query=UnmaskedQuery,
        body=CASE_BODIES[verb],
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
        headers=OPTIONAL_HEADERS,
        tag="cases",
    )


ROUTES = tuple(_route(verb, _doing(verb)) for verb in _SUMMARIES)
