"""``/api/v1/callbacks``: whom the city owes a call, and what is done about it (docs/callbacks.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from aiohttp import web
from pydantic import BaseModel

from gateway.domain.callback_work import Verb, Work
from gateway.domain.ids import rfc3339
from gateway.intake.ticket.callback import WorkOnCallback
from gateway.ports.store import CallbackQuery, Record
from gateway.web.api.corrections import expected_version
from gateway.web.api.models import AttemptBody, CallbacksQuery, CancelBody, DoneBody, UnmaskedQuery
from gateway.web.api.tickets import asks_unmasked
from gateway.web.auth import READ, WRITE
from gateway.web.masked import callback_shown, viewer
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

LATEST = timedelta(days=30)
"""Nobody waits longer for the next attempt: what lies further ahead is a mistyped date."""


async def list_callbacks(context: Context) -> web.Response:
    """Callback tasks, earliest due first."""
    query = context.query(CallbacksQuery)
    items = await context.services.reader.callbacks(
        CallbackQuery(
            state=None if query.state == "all" else query.state,
            line=query.line,
            due_before=query.due_before,
            has_phone=query.has_phone,
            limit=query.limit,
        )
    )
    if context.principal.sees_all:
        for item in items:
            context.house.seen.saw(context.principal.actor, "list", item["ticket_id"])
    kind, now = viewer(context.principal), rfc3339(context.services.clock.now())
    return json_response({"items": [callback_shown(_as_claimed(item, now), kind) for item in items]})


def _as_claimed(task: Record, now: str) -> Record:
    """``task`` without a claim that has run out."""
    until = task["claimed_until"]
    return task if until is None or until > now else task | {"claimed_by": None, "claimed_until": None}


async def claim(context: Context) -> web.Response:
    """Claim a callback: whoever claims it calls the person."""
    return await _work(context, Verb.CLAIM)


async def attempt(context: Context) -> web.Response:
    """Record an attempt that reached nobody; the task is due again later."""
    body = await context.body(AttemptBody)
    now = context.services.clock.now()
    if body.due_at is not None and not now < body.due_at <= now + LATEST:
        raise Problem(422, "invalid_due_at", f"due_at lies ahead, by {LATEST.days} days at most.")
    return await _work(context, Verb.ATTEMPT, result=body.result, note=body.reason, due_at=body.due_at)


async def done(context: Context) -> web.Response:
    """Close a callback: the person was reached, or nobody tries any more."""
    body = await context.body(DoneBody)
    return await _work(context, Verb.DONE, result=body.result, note=body.reason, satisfied=body.satisfied)


async def cancel(context: Context) -> web.Response:
    """Cancel a callback: no call is owed any more."""
    body = await context.body(CancelBody)
    return await _work(context, Verb.CANCEL, note=body.reason)


async def _work(
    context: Context,
    verb: Verb,
    *,
    result: str | None = None,
    note: str | None = None,
    due_at: datetime | None = None,
    satisfied: int | None = None,
) -> web.Response:
    unmasked = asks_unmasked(context)
    version = expected_version(context.request) if "If-Match" in context.request.headers else None
    task = await context.services.reader.callback(context.request.match_info["callback"].upper())
    work = Work(
        callback_id=task["callback_id"],
        verb=verb,
        actor=context.principal.actor,
        at=context.services.clock.now(),
        result=result,
        note=note or None,
        due_at=due_at,
        expected_version=version,
    )
    await context.services.store.execute(WorkOnCallback(ticket_id=task["ticket_id"], work=work, satisfied=satisfied))
    return await _response(context, await context.services.reader.callback(task["callback_id"]), unmasked=unmasked)


async def _response(context: Context, task: Record, *, unmasked: bool) -> web.Response:
    principal = context.principal
    if unmasked:
        await context.house.reveal(principal, task["ticket_id"])
    elif principal.sees_all:
        context.house.seen.saw(principal.actor, "list", task["ticket_id"])
    now = rfc3339(context.services.clock.now())
    told = callback_shown(_as_claimed(task, now), "all" if unmasked else viewer(principal))
    return json_response(told, headers={"ETag": f'"{task["version"]}"'})


def _action(
    verb: Verb, handler: Callable[[Context], Awaitable[web.Response]], summary: str, body: type[BaseModel] | None = None
) -> Route:
    return Route(
        method="POST",
        path=f"/api/v1/callbacks/{{callback}}/actions/{verb.value}",
        handler=handler,
        summary=summary,
        scope=WRITE,
        query=UnmaskedQuery,
        body=body,
        returns="Callback",
        errors=(400, 401, 403, 404, 409, 412, *((413, 415, 422) if body else ()), 429, 503),
        headers=(("If-Match", 'The version of the task that was read, e.g. "3"; may be left out.'),),
        tag="callbacks",
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/callbacks",
        handler=list_callbacks,
        summary="Callback tasks, earliest due first",
        scope=READ,
        query=CallbacksQuery,
        returns="CallbackList",
        errors=(400, 401, 403, 429, 503),
        tag="callbacks",
    ),
    _action(Verb.CLAIM, claim, "I call this person: nobody else works on it for half an hour. Repeating is safe"),
    _action(Verb.ATTEMPT, attempt, "They were not reached: due again later", AttemptBody),
    _action(Verb.DONE, done, "They were reached, or cannot be. Repeating is safe", DoneBody),
    _action(Verb.CANCEL, cancel, "No call is owed any more. Repeating is safe", CancelBody),
)
