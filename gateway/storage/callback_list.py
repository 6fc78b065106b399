"""Calls that are owed, as the API tells of them (docs/callbacks.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from gateway.domain.callback import number_to_write
from gateway.domain.form import Filled, Requester
from gateway.domain.ids import rfc3339
from gateway.ports.store import CallbackQuery, Record
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.record import how_to_call_back
from gateway.storage.texts import check_texts

_TASK = t.callbacks.c
_PEOPLE = sa.select(
    t.tickets.c.ticket_id,
    t.tickets.c.phone,
    t.tickets.c.callback_phone,
    t.tickets.c.doc["requester", "contact_by"].as_string().label("contact_by"),
    t.tickets.c.doc["prefill", "fields", "requester.callback_phone"].label("spoken"),
)
_TASKS = sa.select(t.callbacks, t.tickets.c.ticket_no, t.tickets.c.hidden).join_from(
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
    return _all_shown(connection, statement)


def owed_call(connection: sa.Connection, callback_id: str) -> Record | None:
    """The one of this id."""
    return next(iter(_all_shown(connection, _TASKS.where(_TASK.callback_id == callback_id))), None)


def _all_shown(connection: sa.Connection, statement: sa.Select[Any]) -> list[Record]:
    rows = connection.execute(statement).mappings().all()
    tickets = {one["ticket_id"] for row in rows for one in row["doc"]["reasons"]}
    found = connection.execute(_PEOPLE.where(among(t.tickets.c.ticket_id, tickets))).mappings()
    people = {person["ticket_id"]: person for person in found}
    return [call_record(row, people) for row in rows]


def call_record(row: Any, people: Mapping[str, Any]) -> Record:
    """A row as it is told; the newest of its tickets that says how its requester wants to be reached decides."""
    doc = row["doc"]
    reasons = doc["reasons"]
    own = [people[one["ticket_id"]] for one in reasons]
    theirs = {_number_to_write(person) for person in own}
    return {
        **{name: row[name] for name in _PLAIN},
        "ticket_no": row["ticket_no"],
        "phone_sure": row["phone"] is not None and row["phone"] in theirs,
        "tickets": list(dict.fromkeys(one["ticket_id"] for one in reasons)),
        "interaction_id": reasons[0]["interaction_id"],
        "reason": reasons[0]["reason"],
        "reasons": list(dict.fromkeys(one["reason"] for one in reasons)),
        "claimed_by": doc.get("claimed_by"),
        "claimed_until": doc.get("claimed_until"),
        "last_attempt": _told(doc.get("last_attempt"), _ATTEMPT),
        "closed": _told(doc.get("closed"), _CLOSED),
        "hidden": row["hidden"],
        **how_to_call_back(next((wish for person in reversed(own) if (wish := person["contact_by"])), None)),
    }


def _number_to_write(person: Any) -> str | None:
    requester = Requester(phone=person["phone"], callback_phone=person["callback_phone"])
    return number_to_write(requester, msgspec.convert(person["spoken"], Filled | None))


def _told(value: Record | None, names: tuple[str, ...]) -> Record | None:
    return {name: value[name] for name in names} if value else None
