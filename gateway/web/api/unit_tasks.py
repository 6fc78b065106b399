"""``/api/v1/unit/tasks``: a unit's inbox, one task, what is done about it, notes to the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from gateway.casework.task_sharing import NoteOnTask
from gateway.domain.case import for_unit
from gateway.domain.ids import new_ulid, parse_ticket_no
from gateway.domain.task_status import UNIT_VERBS, TaskVerb
from gateway.errors import NotFound
from gateway.ports.cases import ListedTask, TaskQuery
from gateway.ports.store import Record, TicketQuery
from gateway.web.api.case_bodies import TASK_BODIES
from gateway.web.api.cases import KEY_HEADER, OPTIONAL_HEADERS, execute, request_key, wanted_version
from gateway.web.api.unit_models import UnitNoteBody, UnitTasksQuery
from gateway.web.api.unit_room import own_task, shown, unit_of
from gateway.web.auth import OWN_TASKS
from gateway.web.routing import Context, Handler, Route, json_response

PATH = "/api/v1/unit/tasks"
ONE = f"{PATH}/{{task}}"


async def list_tasks(context: Context) -> web.Response:
    """One page of the inbox."""
    query, unit = context.query(UnitTasksQuery), unit_of(context)
    page = await context.cases.lists.tasks(
        TaskQuery(unit=unit, open=query.open, newest_first=not query.open, limit=query.limit, cursor=query.cursor)
    )
    ids = tuple(dict.fromkeys(row.ticket_id for row in page.items))
    found = await context.services.reader.tickets(TicketQuery(ids=ids, limit=max(1, len(ids))))
    records = {one["ticket_id"]: one for one in found.items} if ids else {}
    items = await asyncio.to_thread(_briefs, page.items, records)
    return json_response({"items": items, "next_cursor": page.next_cursor})


def _briefs(page: Sequence[ListedTask], records: dict[str, Any]) -> list[dict[str, Any]]:
    """In the order of ``page``; without tasks that left their ticket while it was read."""
    pairs = [(record, for_unit.task_of(record, row.task_id)) for row in page if (record := records.get(row.ticket_id))]
    return [for_unit.brief(record, task) for record, task in pairs if task is not None]


async def get_task(context: Context) -> web.Response:
    """One task; its version is the ETag."""
    return await _answer(context, await own_task(context))


async def _answer(context: Context, row: ListedTask) -> web.Response:
    task = await shown(context, row)
    return json_response(task, headers={"ETag": f'"{task["version"]}"'})


async def do(context: Context, verb: TaskVerb) -> web.Response:
    """``verb`` on the task that the path names, by somebody of its unit: by the door of units or of the centre."""
    row = await own_task(context)
    record = await context.services.reader.ticket(row.ticket_id)
    _check_named(context, record)
    version = wanted_version(context.request)
    body = await context.body(TASK_BODIES[verb])
    command = context.cases.acting.on_task(
        verb,
        record,
        row.task_id,
        context.principal.actor,
        body.model_dump(),
        unit=row.unit,
        version=version,
        key=await request_key(context, f"{row.task_id} {verb}"),
    )
    await execute(context, command)
    return await _answer(context, row)


def _check_named(context: Context, record: Record) -> None:
    """``NotFound`` when the path names another ticket than that of the task."""
    named = context.request.match_info.get("ticket")
    if named is not None and (parse_ticket_no(named) or named.upper()) not in (
        record["ticket_id"],
        record["ticket_no"],
    ):
        raise NotFound(f"the ticket has no task {context.request.match_info['task']}")


async def write_note(context: Context) -> web.Response:
    """会商: a note that the centre and every unit of the ticket reads."""
    row = await own_task(context)
    body = await context.body(UnitNoteBody)
    await execute(
        context,
        NoteOnTask(
            at=context.services.clock.now(),
            actor=context.principal.actor,
            ticket_id=row.ticket_id,
            task_id=row.task_id,
            note_id=new_ulid(),
            text=body.text,
            key=await request_key(context, f"{row.task_id} note"),
        ),
    )
    return await _answer(context, row)


def _doing(verb: TaskVerb) -> Handler:
    async def act(context: Context) -> web.Response:
        return await do(context, verb)

    return act


_READS = (401, 403, 404, 429, 503)
_WRITES = (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503)
ROUTES = (
    Route(
        method="GET",
        path=PATH,
        handler=list_tasks,
        summary="A unit's own tasks: what is due first, or what is done",
        scope=OWN_TASKS,
        query=UnitTasksQuery,
        returns="UnitTaskPage",
        errors=(400, 401, 403, 422, 429, 503),
        tag="units",
    ),
    Route(
        method="GET",
        path=ONE,
        handler=get_task,
        summary="One task of one's own unit; its version is the ETag",
        scope=OWN_TASKS,
        returns="UnitTask",
        errors=_READS,
        tag="units",
    ),
    *(
        Route(
            method="POST",
            path=f"{ONE}/actions/{verb}",
            handler=_doing(verb),
            summary=f"{verb.zh}, {verb.en.lower()}. If-Match names the version of the task",
            scope=OWN_TASKS,
            body=TASK_BODIES[verb],
            returns="UnitTask",
            errors=_WRITES,
            headers=OPTIONAL_HEADERS,
            tag="units",
        )
        for verb in TaskVerb
        if verb in UNIT_VERBS
    ),
    Route(
        method="POST",
        path=f"{ONE}/notes",
        handler=write_note,
        summary="A note to the centre and the other units of the ticket",
        scope=OWN_TASKS,
        body=UnitNoteBody,
        returns="UnitTask",
        errors=tuple(code for code in _WRITES if code != 412),  # noqa: PLR2004 - no version is named
        headers=(KEY_HEADER,),
        tag="units",
    ),
)
