"""What a batch did to tasks, clocks and notes, as the rows by which they are looked for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.case.clock import CaseClock
from gateway.domain.case.note import Note
from gateway.domain.case.ticket_clocks import clock_shown
from gateway.domain.form import Handling, UnitTask
from gateway.domain.form_items import PREFIXES
from gateway.domain.ids import rfc3339
from gateway.domain.task_status import RUNNING, TaskStatus
from gateway.domain.world import World
from gateway.storage import tables as t
from gateway.storage.bulk import Bulk, Row
from gateway.storage.clock_rows import write_clocks
from gateway.storage.engine import upsert


def _put(connection: sa.Connection) -> Any:
    put = upsert(connection, t.tasks)
    new = {column.name: put.excluded[column.name] for column in t.tasks.c if column.name != "task_id"}
    return put.on_conflict_do_update(index_elements=["task_id"], set_=new)


_TASK, _NOTE = Bulk(_put), Bulk.insert(t.case_notes)


def write_cases(connection: sa.Connection, world: World) -> None:
    """The rows of every task and clock that an event of the batch tells of, and of what was written about them."""
    tasks: list[Row] = []
    clocks: dict[str, list[CaseClock]] = {}
    for ticket_id, items in _altered(world).items():
        handling = world.tickets[ticket_id].form.handling
        ours = [one for one in handling.clocks if one.clock_id in items]
        of_tasks = items | {one.task_id for one in ours}
        tasks += [_task_row(handling, ticket_id, one) for one in handling.units if one.task_id in of_tasks]
        clocks[ticket_id] = [clock_shown(one) for one in ours]
    _TASK.run(connection, tasks)
    write_clocks(connection, clocks)
    _NOTE.run(connection, [_note_row(note) for note in world.new_notes])


def _altered(world: World) -> dict[str, set[str | None]]:
    """Ids of tasks and clocks that the batch has altered, by ticket_id."""
    found: dict[str, set[str | None]] = {}
    for entry in world.journal.entries:
        for path in entry.event.changed:
            if path.startswith(PREFIXES):
                found.setdefault(entry.ticket_id, set()).add(path.split(".")[2])
    return found


def _task_row(handling: Handling, ticket_id: str, task: UnitTask) -> Row:
    is_open = TaskStatus(task.status) in RUNNING
    return {
        "task_id": task.task_id,
        "ticket_id": ticket_id,
        "unit": task.unit or "",
        "role": task.role,
        "status": task.status,
        "due_at": _due(handling, task) if is_open else None,
        "open": is_open,
    }


def _due(handling: Handling, task: UnitTask) -> str | None:
    """When the unit has to do something about it next."""
    own = (one for one in handling.clocks if one.task_id == task.task_id and one.unit is not None)
    return min((one.due_at for one in own if one.due_at and not (one.met_at or one.stopped_at)), default=None)


def _note_row(note: Note) -> Row:
    row: Row = {name: getattr(note, name) for name in ("note_id", "ticket_id", "task_id", "author", "text", "unit")}
    return row | {"kind": note.kind.value, "at": rfc3339(note.at)}
