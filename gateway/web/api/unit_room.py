"""The one door to a unit's task: whoever is of another unit, or of none, is told that it is not there."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.domain.case import for_unit
from gateway.errors import NotFound
from gateway.ports.cases import ListedTask
from gateway.ports.store import Record
from gateway.web.problems import Problem
from gateway.web.routing import Context

_REFUSED = "task_refused"


def unit_of(context: Context) -> str:
    """The client's own unit; 403 for who is of none, whatever else they may do."""
    unit = context.principal.unit
    if unit is None:
        raise Problem(403, "unit_only", "This is for the people of a unit; at the desk use /api/v1/tickets.")
    return unit


async def own_task(context: Context) -> ListedTask:
    """The task that the path names; ``NotFound`` when it is another unit's, which is written down."""
    unit, task_id = unit_of(context), context.request.match_info["task"]
    row = await context.cases.lists.task(task_id)
    if row.unit != unit:
        await context.house.audit(context.principal, _REFUSED, row.ticket_id, detail={"task_id": task_id})
        raise NotFound(f"there is no task {task_id!r}")
    return row


async def shown(context: Context, row: ListedTask) -> dict[str, Any]:
    """The whole task as its unit may see it; who looked at it is written down."""
    services = context.services
    record = await services.reader.ticket(row.ticket_id)
    context.house.seen.saw(context.principal.actor, "task", row.ticket_id)
    lists = context.cases.lists
    notes = await lists.notes(row.ticket_id)
    events = await lists.events(row.ticket_id, for_unit.EVENTS)
    names = services.unit_names
    return await asyncio.to_thread(
        for_unit.whole, record, in_record(record, row), events=events, notes=notes, names=names
    )


def in_record(record: Record, row: ListedTask) -> Record:
    """The task as the document has it; ``NotFound`` when it holds none of this id."""
    task = for_unit.task_of(record, row.task_id)
    if task is None:
        raise NotFound(f"there is no task {row.task_id!r}")
    return dict(task)
