"""Calls that are owed, as the API tells of them (docs/callbacks.md)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.ports.store import CallbackQuery, Record
from gateway.storage import tables as t
from gateway.storage.record import how_to_call_back
from gateway.storage.texts import check_texts

_TASK = t.callbacks.c
_CONTACT_BY = t.tickets.c.doc["requester", "contact_by"].as_string().label("contact_by")
_TASKS = sa.select(t.callbacks, t.tickets.c.ticket_no, t.tickets.c.hidden, _CONTACT_BY).join_from(
    t.callbacks, t.tickets, _TASK.ticket_id == t.tickets.c.ticket_id
)
_PLAIN = ("callback_id", "ticket_id", "phone", "line", "state", "created_at", "due_at", "attempts", "version")
_ATTEMPT = ("at", "by", "result", "note")
_CLOSED = ("at", "by", "why", "note")


def owed_calls(connection: sa.Connection, query: CallbackQuery) -> list[Record]:
    """Those that ``query`` asks for, earliest due first."""
    check_texts((query.state, query.line))
    statement = _TASKS.order_by(_TASK.due_at, _TASK.callback_id).limit(query.limit)
    if query.state is not None:
        statement = statement.where(_TASK.state == query.state)
    if query.line is not None:
        statement = statement.where(_TASK.line == query.line)
    if query.due_before is not None:
        statement = statement.where(_TASK.due_at < rfc3339(query.due_before))
    if query.has_phone is not None:
        statement = statement.where(_TASK.phone.is_not(None) if query.has_phone else _TASK.phone.is_(None))
    return [_shown(row) for row in connection.execute(statement).mappings()]


def owed_call(connection: sa.Connection, callback_id: str) -> Record | None:
    """The one of this id."""
    row = connection.execute(_TASKS.where(_TASK.callback_id == callback_id)).mappings().one_or_none()
    return _shown(row) if row is not None else None


def _shown(row: Any) -> Record:
    doc = row["doc"]
    reasons = doc["reasons"]
    return {
        **{name: row[name] for name in _PLAIN},
        "ticket_no": row["ticket_no"],
        "interaction_id": reasons[0]["interaction_id"],
        "reason": reasons[0]["reason"],
        "reasons": list(dict.fromkeys(one["reason"] for one in reasons)),
        "claimed_by": doc.get("claimed_by"),
        "claimed_until": doc.get("claimed_until"),
        "last_attempt": _all(doc.get("last_attempt"), _ATTEMPT),
        "closed": _all(doc.get("closed"), _CLOSED),
        "hidden": row["hidden"],
        **how_to_call_back(row["contact_by"]),
    }


def _all(value: Record | None, names: tuple[str, ...]) -> Record | None:
    return {name: value[name] for name in names} if value else None
