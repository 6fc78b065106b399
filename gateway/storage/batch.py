"""A batch of Changes in one transaction: lock, read, apply in memory in order of arrival, write in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.change import Applied
from gateway.domain.ids import city_day
from gateway.errors import GatewayError
from gateway.storage import tables as t
from gateway.storage.apply_change import apply_change
from gateway.storage.batch_state import EVENT_SEQ, State, load
from gateway.storage.engine import upsert
from gateway.storage.prepare import Prepared, Row

Outcome = Applied | GatewayError


def write_batch(connection: sa.Connection, batch: Sequence[Prepared], zone: tzinfo, proof: list[Row]) -> list[Outcome]:
    """Apply ``batch``, one outcome for each. The last event is left in ``proof``: it tells a commit from none."""
    days = {
        n: city_day(p.change.new_ticket.created_at, zone)
        for n, p in enumerate(batch)
        if p.change.new_ticket is not None
    }
    state = load(connection, batch, days)
    outcomes: list[Outcome] = []
    for n, prepared in enumerate(batch):
        try:
            outcomes.append(apply_change(prepared, days.get(n), state))
        except GatewayError as error:
            outcomes.append(error)
    if events := state.rows.get("events"):
        _write(connection, state)
        proof.append(events[-1])
    return outcomes


_INSERTED = (t.identities, t.messages, t.callbacks, t.seen_keys, t.events)
_UPDATE_TICKET = (
    sa.update(t.tickets)
    .where(t.tickets.c.ticket_id == sa.bindparam("of_ticket"))
    .values(
        {
            c: sa.bindparam(c)
            for c in (
                "status",
                "line",
                "empty",
                "pending",
                "updated_at",
                "version",
                "event_seq",
                "phone",
                "search",
                "doc",
            )
        }
    )
)
_INTERACTION_KEYS = frozenset({"interaction_id", "ticket_id"})
_UPDATE_INTERACTION = (
    sa.update(t.interactions)
    .where(t.interactions.c.interaction_id == sa.bindparam("of_interaction"))
    .values({c.name: sa.bindparam(c.name) for c in t.interactions.c if c.name not in _INTERACTION_KEYS})
)
_CORRECT = (
    sa.update(t.segments)
    .where(
        t.segments.c.interaction_id == sa.bindparam("of_interaction"),
        t.segments.c.seq == sa.bindparam("of_seq"),
    )
    .values(corrected_text=sa.bindparam("corrected_text"))
)
_UPDATE_CALLBACK = (
    sa.update(t.callbacks)
    .where(t.callbacks.c.callback_id == sa.bindparam("of_callback"))
    .values({c: sa.bindparam(c) for c in ("state", "due_at", "attempts")})
)
_UPDATE_REQUESTER = (
    sa.update(t.requesters)
    .where(t.requesters.c.requester_id == sa.bindparam("of_requester"))
    .values(doc=sa.bindparam("doc"))
)
_COUNT = sa.update(t.counters).where(t.counters.c.name == EVENT_SEQ).values(value=sa.bindparam("new_value"))


def _write(connection: sa.Connection, state: State) -> None:
    tickets = [s.row | {"doc": s.doc} for s in state.tickets.values() if s.new]
    interactions = [s.row for s in state.interactions.values() if s.new]
    requesters = [
        {"requester_id": key, "doc": state.requesters[key]} for key, new in state.changed_requesters.items() if new
    ]
    _many(connection, sa.insert(t.tickets), tickets)
    _many(connection, sa.insert(t.interactions), interactions)
    _many(connection, sa.insert(t.requesters), requesters)
    for table in _INSERTED:
        _many(connection, sa.insert(table), state.rows.get(table.name))
    _many(connection, upsert(connection, t.segments).on_conflict_do_nothing(), state.rows.get("segments"))
    _many(
        connection,
        _UPDATE_TICKET,
        [s.row | {"doc": s.doc, "of_ticket": key} for key, s in state.tickets.items() if s.dirty and not s.new],
    )
    _many(
        connection,
        _UPDATE_INTERACTION,
        [s.row | {"of_interaction": key} for key, s in state.interactions.items() if s.dirty and not s.new],
    )
    _many(
        connection,
        _UPDATE_REQUESTER,
        [
            {"of_requester": key, "doc": state.requesters[key]}
            for key, new in state.changed_requesters.items()
            if not new
        ],
    )
    _many(connection, _CORRECT, state.rows.get("corrections"))
    _many(connection, _UPDATE_CALLBACK, state.rows.get("callback_updates"))
    if state.drawn:
        draw = upsert(connection, t.serials)
        draw = draw.on_conflict_do_update(index_elements=["day"], set_={"last": draw.excluded.last})
        _many(connection, draw, [{"day": day, "last": state.serials[day]} for day in sorted(state.drawn)])
    connection.execute(_COUNT, {"new_value": state.event_seq})


def _many(connection: sa.Connection, statement: Any, rows: list[Row] | None) -> None:
    if rows:
        connection.execute(statement, rows)
