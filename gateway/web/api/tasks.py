"""Tasks of units: their list, what is done with them, what was written about a case, and what is overdue."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from aiohttp import web

from gateway.domain.case.policy import ClockKind
from gateway.domain.ids import rfc3339
from gateway.domain.task_status import UNIT_VERBS, TaskVerb
from gateway.domain.veil import Veil
from gateway.ports.cases import TaskQuery
from gateway.ports.store import Record, TicketQuery
from gateway.web.api import unit_tasks
from gateway.web.api.case_bodies import TASK_BODIES
from gateway.web.api.case_models import OverdueQuery, TasksQuery, WaitingQuery
from gateway.web.api.case_view import word_of
from gateway.web.api.cases import OPTIONAL_HEADERS, carry_out, made, request_key, wanted_version
from gateway.web.api.models import UnmaskedQuery
from gateway.web.api.tickets import asks_unmasked, read
from gateway.web.auth import OWN_TASKS, READ, WRITE
from gateway.web.routing import Context, Handler, Route, json_response

_TASK = ("task_id", "unit", "role", "status", "version", "dispatched_at", "due_at")
_TICKET = ("ticket_id", "ticket_no", "status", "created_at")


async def list_tasks(context: Context) -> web.Response:
    """Tasks, the nearest due first."""
    query = context.query(TasksQuery)
    page = await context.cases.lists.tasks(
        TaskQuery(unit=query.unit, open=query.open, limit=query.limit, cursor=query.cursor)
    )
    tickets = await _tickets(context, (one.ticket_id for one in page.items))
    items = []
    for one in page.items:
        ticket = tickets[one.ticket_id]
        task = next(task for task in ticket["handling"]["units"] if task["task_id"] == one.task_id)
        items.append({**{key: task[key] for key in _TASK}, "ticket": _head(ticket)})
    return json_response({"items": items, "next_cursor": page.next_cursor})


async def list_overdue(context: Context) -> web.Response:
    """挂账: limits that were not kept, of what still is not done; the longest overdue first."""
    query = context.query(OverdueQuery)
    page = await context.cases.overdue.overdue(unit=query.unit, limit=query.limit, cursor=query.cursor)
    tickets = await _tickets(context, (one.ticket_id for one in page.items))
    items = [
        {
            "clock_id": one.clock_id,
            "kind": word_of(ClockKind(one.kind)),
            "task_id": one.task_id,
            "unit": one.unit,
            "due_at": rfc3339(one.due_at),
            "overdue_since": rfc3339(one.overdue_since),
            "supervised": one.supervised,
            "supervised_at": None if one.supervised_at is None else rfc3339(one.supervised_at),
            "ticket": _head(tickets[one.ticket_id]),
        }
        for one in page.items
    ]
    return json_response({"items": items, "total": page.total, "next_cursor": page.next_cursor})


async def list_waiting(context: Context) -> web.Response:
    """待中心办理: what the centre has to decide, review or approve, the nearest due first."""
    query = context.query(WaitingQuery)
    page = await context.cases.lists.waiting(limit=query.limit, cursor=query.cursor)
    tickets = await _tickets(context, (one.ticket_id for one in page.items))
    items = [
        {
            "clock_id": one.clock_id,
            "kind": word_of(ClockKind(one.kind)),
            "task_id": one.task_id,
            "due_at": rfc3339(one.due_at),
            "overdue_since": None if one.overdue_since is None else rfc3339(one.overdue_since),
            "ticket": _head(tickets[one.ticket_id]),
        }
        for one in page.items
    ]
    return json_response({"items": items, "next_cursor": page.next_cursor})


async def list_notes(context: Context) -> web.Response:
    """What people wrote about the case, masked as everything that was said; whole for who may see it so."""
    record = await read(context)
    whole = asks_unmasked(context) or context.principal.sees_all
    if whole:
        await context.house.reveal(context.principal, record["ticket_id"])
    notes = await context.cases.lists.notes(record["ticket_id"])
    veil = Veil(record)
    items = [
        {
            "note_id": one.note_id,
            "task_id": one.task_id,
            "kind": word_of(one.kind),
            "author": one.author,
            "at": rfc3339(one.at),
            "text": one.text if whole else veil.text(one.text),
        }
        for one in notes
    ]
    return json_response({"items": items})


async def _tickets(context: Context, ids: Iterable[str]) -> dict[str, Record]:
    """Records of a list by ticket_id, as the client may see them."""
    wanted = tuple(dict.fromkeys(ids))
    if not wanted:
        return {}
    page = await context.services.reader.tickets(TicketQuery(ids=wanted, limit=len(wanted)))
    shown = await context.house.masked.items(page.items, context.principal)
    if context.principal.sees_all:
        for item in page.items:
            context.house.seen.saw(context.principal.actor, "list", item["ticket_id"])
    return {one["ticket_id"]: one for one in map(json.loads, shown)}


def _head(ticket: Record) -> dict[str, Any]:
    return {**{key: ticket[key] for key in _TICKET}, "title": ticket["demand"]["title"]}


def _doing(verb: TaskVerb) -> Callable[[Context], Awaitable[web.Response]]:
    async def act(context: Context) -> web.Response:
        if context.principal.unit is not None:
            return await unit_tasks.do(context, verb)
        version = wanted_version(context.request)
        body = await context.body(TASK_BODIES[verb])
        record = await read(context)
        task_id = context.request.match_info["task"]
        key = await request_key(context, f"{task_id} {verb}")
        said, actor = body.model_dump(), context.principal.actor
        doing = partial(context.cases.acting.on_task, verb, record, task_id, actor, said, version=version, key=key)
        command = await made(context, doing)
        return await carry_out(context, command, record["ticket_id"])

    return act


def _route(verb: TaskVerb, handler: Handler) -> Route:
    whose = "The centre, or the unit, which is answered its UnitTask" if verb in UNIT_VERBS else "The centre"
    return Route(
        method="POST",
        path=f"/api/v1/tickets/{{ticket}}/tasks/{{task}}/actions/{verb}",
        handler=handler,
        summary=f"{verb.zh}, {verb.en.lower()}. {whose}; If-Match names the version of the task",
        scope=WRITE,
        also=OWN_TASKS if verb in UNIT_VERBS else None,
        query=UnmaskedQuery,
        body=TASK_BODIES[verb],
        returns="Ticket",
        errors=(400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503),
        headers=OPTIONAL_HEADERS,
        tag="cases",
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tasks",
        handler=list_tasks,
        summary="Tasks of units, the nearest due first",
        scope=READ,
        query=TasksQuery,
        returns="TaskPage",
        errors=(400, 401, 403, 422, 429, 503),
        tag="cases",
    ),
    Route(
        method="GET",
        path="/api/v1/overdue",
        handler=list_overdue,
        summary="挂账: what is overdue and still not done, the longest first, and how often it was supervised since",
        scope=READ,
        query=OverdueQuery,
        returns="OverduePage",
        errors=(400, 401, 403, 422, 429, 503),
        tag="cases",
    ),
    Route(
        method="GET",
        path="/api/v1/waiting",
        handler=list_waiting,
        summary="待中心办理: to give out, returns to review, replies and time to approve, people to answer; discontent",
        scope=READ,
        query=WaitingQuery,
        returns="WaitingPage",
        errors=(400, 401, 403, 422, 429, 503),
        tag="cases",
    ),
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/notes",
        handler=list_notes,
        summary="Reasons, replies and talks about a case, oldest first",
        scope=READ,
        query=UnmaskedQuery,
        returns="NoteList",
        errors=(400, 401, 403, 404, 429, 503),
        tag="cases",
    ),
    *(_route(verb, _doing(verb)) for verb in TaskVerb),
)
