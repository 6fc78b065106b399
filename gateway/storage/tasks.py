"""Calls that are owed, as a batch reads and writes them: rows of ``callbacks`` as tasks of the domain, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from gateway.domain.callback import SPOKEN, Attempt, Reason, Settlement, Task, number_to_call, number_to_write
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.words import CallbackState
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Bulk, Query, Row, loads
from gateway.storage.codec import form_of, json_text
from gateway.storage.shape import Tree

LOOKED_BACK = 50
"""So many earlier tickets of each person are asked for a number, the newest first."""
_OPEN = t.callbacks.c.state == sa.literal_column("'open'")
_OWED = Query(sa.select(t.callbacks).where(_OPEN, listed(t.callbacks.c.requester_id, "requesters")))
_NAMED = Query(sa.select(t.callbacks).where(listed(t.callbacks.c.callback_id, "named")))
_LATEST = (
    sa.select(
        *(t.tickets.c[name] for name in ("requester_id", "ticket_no", "doc")),
        sa.func.row_number()
        .over(partition_by=t.tickets.c.requester_id, order_by=t.tickets.c.ticket_no.desc())
        .label("nth"),
    )
    .where(listed(t.tickets.c.requester_id, "requesters"), t.tickets.c.hidden.is_(False))
    .where(sa.or_(t.tickets.c.phone.is_not(None), t.tickets.c.callback_phone.is_not(None)))
    .subquery()
)
_NUMBERED = Query(
    sa.select(_LATEST.c.requester_id, _LATEST.c.doc)
    .where(_LATEST.c.nth <= sa.literal_column(str(LOOKED_BACK)))
    .order_by(_LATEST.c.ticket_no.desc())
)
_INSERT = Bulk.insert(t.callbacks)
_KEPT = frozenset({"callback_id", "created_at"})
_UPDATE = Bulk(
    lambda _: (
        sa.update(t.callbacks)
        .where(t.callbacks.c.callback_id == sa.bindparam("of_callback"))
        .values({c.name: sa.bindparam(c.name) for c in t.callbacks.c if c.name not in _KEPT})
    )
)


def reply_number(doc: Tree) -> str | None:
    """Where a reply to the requester of a ticket's document may go by SMS."""
    form = form_of(doc)
    return number_to_write(form.requester, form.prefill.fields.get(SPOKEN))


def load_tasks(connection: sa.Connection, *, requesters: Collection[str], named: Collection[str]) -> dict[str, Task]:
    """Open tasks of ``requesters``, and those of these ids, by id."""
    rows: list[Any] = []
    if requesters:
        rows += _OWED.rows(connection, requesters=list(requesters)).mappings()
    if named:
        rows += _NAMED.rows(connection, named=list(named)).mappings()
    return {row["callback_id"]: task_of(row) for row in rows}


def earlier_numbers(connection: sa.Connection, requesters: Collection[str]) -> dict[str, str]:
    """The number of each one's newest ticket that has one."""
    found: dict[str, str] = {}
    for requester_id, doc in _NUMBERED.rows(connection, requesters=list(requesters)):
        form = form_of(doc)
        number = number_to_call(form.requester, form.prefill.fields.get(SPOKEN))
        if number is not None:
            found.setdefault(requester_id, number.value)
    return found


def write_tasks(connection: sa.Connection, before: Mapping[str, Task], after: Mapping[str, Task]) -> None:
    """Write what is new or has changed."""
    changed = [row_of(task) for key, task in after.items() if before.get(key) is not task]
    rows = [row | {"doc": json_text(row["doc"]), "of_callback": row["callback_id"]} for row in changed]
    _INSERT.run(connection, [row for row in rows if row["callback_id"] not in before])
    _UPDATE.run(connection, [row for row in rows if row["callback_id"] in before])


def task_of(row: Any) -> Task:
    """The task of a ``callbacks`` row; its ``doc`` may be as the driver has it."""
    doc: Tree = loads(row["doc"])
    attempt, closed = doc.get("last_attempt"), doc.get("closed")
    until = doc.get("claimed_until")
    return Task(
        callback_id=row["callback_id"],
        requester_id=row["requester_id"],
        line=row["line"],
        phone=row["phone"],
        reasons=tuple(Reason(**reason) for reason in doc["reasons"]),
        due_at=from_rfc3339(row["due_at"]),
        created_at=from_rfc3339(row["created_at"]),
        state=CallbackState(row["state"]),
        attempts=row["attempts"],
        claimed_by=doc.get("claimed_by"),
        claimed_until=from_rfc3339(until) if until else None,
        last_attempt=Attempt(**attempt | {"at": from_rfc3339(attempt["at"])}) if attempt else None,
        closed=Settlement(**closed | {"at": from_rfc3339(closed["at"])}) if closed else None,
        version=row["version"],
    )


def row_of(task: Task) -> Row:
    """The row of a task."""
    doc: Tree = {"reasons": [_fields(reason) for reason in task.reasons]}
    if task.claimed_until is not None:
        doc |= {"claimed_by": task.claimed_by, "claimed_until": rfc3339(task.claimed_until)}
    for name, told in (("last_attempt", task.last_attempt), ("closed", task.closed)):
        if told is not None:
            doc[name] = _fields(told) | {"at": rfc3339(told.at)}
    return {
        "callback_id": task.callback_id,
        "ticket_id": task.reasons[0].ticket_id,
        "requester_id": task.requester_id,
        "line": task.line,
        "phone": task.phone,
        "state": task.state.value,
        "due_at": rfc3339(task.due_at),
        "attempts": task.attempts,
        "created_at": rfc3339(task.created_at),
        "version": task.version,
        "doc": doc,
    }


def _fields(value: Reason | Attempt | Settlement) -> Row:
    return {name: getattr(value, name) for name in value.__slots__}
