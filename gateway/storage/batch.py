"""A batch of Changes in one transaction: lock, read, apply in memory in order of arrival, write in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.change import Applied
from gateway.domain.commit import Commit, thread_tag
from gateway.domain.ids import city_day
from gateway.errors import GatewayError
from gateway.storage import tables as t
from gateway.storage.apply_change import apply_change
from gateway.storage.batch_callbacks import write_tasks
from gateway.storage.batch_conversation import write_conversations
from gateway.storage.batch_state import EVENT_SEQ, State, load
from gateway.storage.bulk import Bulk
from gateway.storage.engine import upsert
from gateway.storage.prepare import Prepared, Row

Outcome = Applied | GatewayError


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch came to, should its transaction be committed."""

    outcomes: list[Outcome]
    commit: Commit | None = None
    """None: nothing was written."""
    last_event: Row | None = None
    """It tells a commit from none."""


def write_batch(
    connection: sa.Connection, batch: Sequence[Prepared], zone: tzinfo, *, enough: Callable[[], bool]
) -> Written:
    """Apply ``batch`` from its beginning until there is ``enough``, at least one: so many outcomes."""
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
        if enough():
            break
    events = state.rows.get("events")
    if not events:
        return Written(outcomes)
    _write(connection, state)
    return Written(outcomes, _told(state), events[-1])


def _told(state: State) -> Commit:
    """What other processes have to know of this batch."""
    rows = state.rows
    return Commit(
        rows["events"][0]["event_seq"],
        rows["events"][-1]["event_seq"],
        frozenset(thread_tag(*key) for key in state.changed_threads),
        todo=any(row["state"] == "queued" for row in rows.get("outbox", ()))
        or any(row["todo"] for name in ("attachments", "attachment_updates") for row in rows.get(name, ())),
    )


def _named(*names: str) -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in names}


_FIXED = frozenset({"ticket_id", "ticket_no", "channel", "channel_id", "created_at", "erased_at"})
_TICKET_COLUMNS = tuple(c.name for c in t.tickets.c if c.name not in _FIXED)
_INTERACTION_COLUMNS = tuple(c.name for c in t.interactions.c if c.name not in {"interaction_id", "ticket_id"})
_INSERTS = {
    table.name: Bulk.insert(table)
    for table in (
        t.tickets,
        t.interactions,
        t.messages,
        t.outbox,
        t.attachments,
        t.seen_keys,
        t.events,
    )
}
_IDENTITIES = Bulk(
    lambda c: (insert := upsert(c, t.identities)).on_conflict_do_update(
        index_elements=["value", "kind"], set_={"requester_id": insert.excluded.requester_id}
    )
)
_SEGMENTS = Bulk(lambda c: upsert(c, t.segments).on_conflict_do_nothing())
_UPDATE_TICKET = Bulk(
    lambda _: (
        sa.update(t.tickets).where(t.tickets.c.ticket_id == sa.bindparam("of_ticket")).values(_named(*_TICKET_COLUMNS))
    ),
    json_columns=("doc",),
)
_UPDATE_INTERACTION = Bulk(
    lambda _: (
        sa.update(t.interactions)
        .where(t.interactions.c.interaction_id == sa.bindparam("of_interaction"))
        .values(_named(*_INTERACTION_COLUMNS))
    ),
    json_columns=("doc",),
)
_CORRECT = Bulk(
    lambda _: (
        sa.update(t.segments)
        .where(
            t.segments.c.interaction_id == sa.bindparam("of_interaction"), t.segments.c.seq == sa.bindparam("of_seq")
        )
        .values(_named("corrected_text"))
    )
)
_COUNT = Bulk(lambda _: sa.update(t.counters).where(t.counters.c.name == EVENT_SEQ).values(_named("value")))


def _draw(connection: sa.Connection) -> Any:
    insert = upsert(connection, t.serials)
    return insert.on_conflict_do_update(index_elements=["day"], set_={"last": insert.excluded.last})


_DRAW = Bulk(_draw)


def _write(connection: sa.Connection, state: State) -> None:
    rows = state.rows
    for ticket in state.tickets.values():
        ticket.row["doc"] = ticket.written
    rows["tickets"] = [s.row for s in state.tickets.values() if s.new]
    rows["interactions"] = [s.row for s in state.interactions.values() if s.new]
    for name, insert in _INSERTS.items():
        insert.run(connection, rows.get(name, ()))
    _IDENTITIES.run(connection, rows.get("identities", ()))
    _SEGMENTS.run(connection, rows.get("segments", ()))
    _UPDATE_TICKET.run(
        connection,
        [s.row | {"of_ticket": k} for k, s in state.tickets.items() if s.dirty and not s.new],
    )
    _UPDATE_INTERACTION.run(
        connection,
        [s.row | {"of_interaction": k} for k, s in state.interactions.items() if s.dirty and not s.new],
    )
    _CORRECT.run(connection, rows.get("corrections", ()))
    write_conversations(connection, state)
    write_tasks(connection, state.tasks_before, state.tasks)
    _DRAW.run(connection, [{"day": day, "last": state.serials[day]} for day in sorted(state.drawn)])
    _COUNT.run(connection, [{"value": state.event_seq, "name_1": EVENT_SEQ}])
