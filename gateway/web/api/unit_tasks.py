"""``/api/v1/unit/tasks``: a unit's inbox, one task, what is done about it, notes to the others."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gateway.casework.task_sharing import NoteOnTask
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case import for_unit
from gateway.domain.ids import new_ulid
from gateway.domain.task_status import UNIT_VERBS, TaskVerb
from gateway.ports.store import TicketQuery
from gateway.ports.unit_tasks import UnitTaskRow
from gateway.web.api.corrections import expected_version
from gateway.web.api.unit_models import UnitActionBody, UnitNoteBody, UnitTasksQuery
from gateway.web.api.unit_room import own_task, shown, unit_of
from gateway.web.auth import OWN_TASKS
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

PATH = "/api/v1/unit/tasks"
ONE = f"{PATH}/{{task}}"


async def list_tasks(context: Context) -> web.Response:
    """One page of the inbox."""
    query, unit = context.query(UnitTasksQuery), unit_of(context)
    rows = await context.services.unit_tasks.of(unit, open_=query.open, after=query.cursor, limit=query.limit + 1)
    page = rows[: query.limit]
    found = await context.services.reader.tickets(
        TicketQuery(ids=tuple({row.ticket_id: None for row in page}), limit=max(1, len(page)))
    )
    records = {one["ticket_id"]: one for one in found.items} if page else {}
    items = await asyncio.to_thread(_briefs, page, records)
    return json_response({"items": items, "next_cursor": page[-1].task_id if len(rows) > query.limit else None})


def _briefs(page: Any, records: dict[str, Any]) -> list[dict[str, Any]]:
    """In the order of ``page``; without tasks that left their ticket while it was read."""
    pairs = [(record, for_unit.task_of(record, row.task_id)) for row in page if (record := records.get(row.ticket_id))]
    return [for_unit.brief(record, task) for record, task in pairs if task is not None]


async def get_task(context: Context) -> web.Response:
    """One task; its version is the ETag."""
    return await _answer(context, await own_task(context))


async def _answer(context: Context, row: UnitTaskRow) -> web.Response:
    task = await shown(context, row)
    return json_response(task, headers={"ETag": f'"{task["version"]}"'})


async def act(context: Context) -> web.Response:
    """What the path says, on one's own task."""
    return await do(context, context.request.match_info["verb"])


async def do(context: Context, verb: str) -> web.Response:
    """``verb`` on the task that the path names, by somebody of its unit; 404 for a verb that is none of a unit's."""
    if verb not in UNIT_VERBS:
        raise Problem(404, "unknown_verb", f"A unit can: {', '.join(sorted(UNIT_VERBS))}.")
    row = await own_task(context)
    body = await context.body(UnitActionBody) if context.request.can_read_body else UnitActionBody()
    await context.services.store.execute(
        WorkOnTask(
            at=context.services.clock.now(),
            actor=context.principal.actor,
            unit=row.unit,
            ticket_id=row.ticket_id,
            task_id=row.task_id,
            task_version=expected_version(context.request) if "If-Match" in context.request.headers else None,
            verb=TaskVerb(verb),
            reason=body.reason,
            text=body.text,
            note_id=new_ulid(),
            until=body.until,
            solved=body.solved,
        )
    )
    return await _answer(context, row)


async def write_note(context: Context) -> web.Response:
    """会商: a note that the centre and every unit of the ticket reads."""
    row = await own_task(context)
    body = await context.body(UnitNoteBody)
    await context.services.store.execute(
        NoteOnTask(
            at=context.services.clock.now(),
            actor=context.principal.actor,
            ticket_id=row.ticket_id,
            task_id=row.task_id,
            note_id=new_ulid(),
            text=body.text,
        )
    )
    return await _answer(context, row)


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
    Route(
        method="POST",
        path=f"{ONE}/actions/{{verb}}",
        handler=act,
        summary="sign, respond, arrive, return, extend, pause, resume or reply",
        scope=OWN_TASKS,
        body=UnitActionBody,
        returns="UnitTask",
        errors=_WRITES,
        headers=(("If-Match", 'The version of the task that was read, e.g. "3"; without it any.'),),
        tag="units",
    ),
    Route(
        method="POST",
        path=f"{ONE}/notes",
        handler=write_note,
        summary="A note to the centre and the other units of the ticket",
        scope=OWN_TASKS,
        body=UnitNoteBody,
        returns="UnitTask",
        errors=_WRITES,
        tag="units",
    ),
)
