"""What the commands of a batch refer to, read under the writers' lock into a ``World``: keys first, then ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.command import Refs
from gateway.domain.ids import city_day, new_ulid
from gateway.domain.journal import Journal
from gateway.domain.transcript import Spoken
from gateway.domain.world import Seen, World
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query, loads
from gateway.storage.codec import Row, interaction_of, thread_of, ticket_of
from gateway.storage.tasks import earlier_numbers, load_tasks

EVENT_SEQ = "event_seq"
_LOCK = sa.select(t.counters.c.value).where(t.counters.c.name == EVENT_SEQ).with_for_update()
_SERIALS = Query(sa.select(t.serials).where(listed(t.serials.c.day, "days")))
_SEEN = Query(sa.select(t.seen_keys).where(listed(t.seen_keys.c.external_id, "keys")))
_INTERACTIONS = sa.select(t.interactions)
_OPEN = Query(
    _INTERACTIONS.where(t.interactions.c.disposition.is_(None), listed(t.interactions.c.external_id, "joins")).order_by(
        t.interactions.c.interaction_id
    )
)
_WANTED = Query(_INTERACTIONS.where(listed(t.interactions.c.interaction_id, "wanted")))
_MESSAGES = Query(
    sa.select(t.messages.c.interaction_id, sa.func.max(t.messages.c.seq))
    .group_by(t.messages.c.interaction_id)
    .where(listed(t.messages.c.interaction_id, "known"))
)
_SEGMENTS = Query(
    sa.select(t.segments.c.interaction_id, t.segments.c.seq).where(listed(t.segments.c.interaction_id, "corrected"))
)
_SPOKEN = Query(
    sa.select(*(t.segments.c[name] for name in ("interaction_id", "seq", "speaker", "start_ms", "end_ms"))).where(
        listed(t.segments.c.interaction_id, "over")
    )
)
_TICKETS = Query(sa.select(t.tickets).where(listed(t.tickets.c.ticket_id, "wanted")))
_THREADS = Query(sa.select(t.threads).where(listed(t.threads.c.sender, "senders")))
_TOLD = Query(sa.select(t.outbox.c.message_id, t.outbox.c.state).where(listed(t.outbox.c.message_id, "told")))
SHOWN = sa.exists().where(t.tickets.c.requester_id == t.identities.c.requester_id, t.tickets.c.hidden.is_(False))
"""Whether an identity's requester has a ticket that is not hidden: of others nobody may learn that they are known."""
_IDENTITIES = Query(sa.select(t.identities).where(listed(t.identities.c.value, "values"), SHOWN))


@dataclass(slots=True)
class Loaded:
    """A batch's world, and the rows that it was read from."""

    world: World
    tickets: dict[str, Row] = field(default_factory=dict)
    tasks: dict[str, Any] = field(default_factory=dict)


def lock_writers(connection: sa.Connection) -> int:
    """Have the only transaction that alters the record until it ends; the last event_seq drawn.

    Without it, a batch could write back what it read of a row before another transaction altered it.
    """
    last: int = connection.execute(_LOCK).scalar_one()
    return last


def load(connection: sa.Connection, batch: Sequence[Refs], zone: tzinfo) -> Loaded:
    """Lock the counter row, then read what ``batch`` refers to."""
    world = World(journal=Journal(lock_writers(connection)), zone=zone, new_id=new_ulid)
    loaded = Loaded(world)
    if keys := {key.external_id for refs in batch for key in refs.seen}:
        found = (Seen(**row) for row in _SEEN.rows(connection, keys=list(keys)).mappings())
        world.seen = {(seen.channel_id, seen.external_id): seen for seen in found}
    _load_interactions(connection, batch, world)
    wanted = {one for refs in batch for one in refs.tickets}
    wanted |= {world.interactions[one].ticket_id for one in world.open.values()}
    _load_tickets(connection, wanted, loaded)
    if values := {one.value for refs in batch for one in refs.people}:
        people = _IDENTITIES.rows(connection, values=list(values))
        world.people = {(row.kind, row.value): row.requester_id for row in people}
    _load_calls(connection, batch, loaded)
    _load_threads(connection, batch, world)
    if days := {city_day(refs.new_ticket_at, zone) for refs in batch if refs.new_ticket_at is not None}:
        world.serials = {row.day: row.last for row in _SERIALS.rows(connection, days=list(days))}
    return loaded


def _load_interactions(connection: sa.Connection, batch: Sequence[Refs], world: World) -> None:
    joins = {refs.conversation.external_id for refs in batch if refs.conversation}
    wanted = {one for refs in batch for one in refs.interactions}
    rows: list[Any] = []
    if joins:
        rows += _OPEN.rows(connection, joins=list(joins)).mappings()
        world.open = {(row["channel_id"], row["external_id"]): row["interaction_id"] for row in rows}
    if wanted:
        rows += _WANTED.rows(connection, wanted=list(wanted)).mappings()
    world.interactions = {row["interaction_id"]: interaction_of(row, loads) for row in rows}
    writing = {one for refs in batch if refs.writes_messages for one in refs.interactions} | set(world.open.values())
    if known := writing & world.interactions.keys():
        for interaction_id, seq in _MESSAGES.rows(connection, known=list(known)):
            world.interactions[interaction_id].messages = seq
    if corrected := {one for refs in batch if refs.corrects for one in refs.interactions}:
        world.segments = {(one, seq) for one, seq in _SEGMENTS.rows(connection, corrected=list(corrected))}
    _load_spoken(connection, {one for refs in batch if refs.transcript for one in refs.interactions}, world)


def _load_spoken(connection: sa.Connection, told: Collection[str], world: World) -> None:
    """Of a call that is open its owner alone writes words; those of a closed one may be there already."""
    over = [one for one in told if one in world.interactions and not world.interactions[one].open]
    if over:
        world.spoken = {interaction_id: [] for interaction_id in over}
        for interaction_id, seq, speaker, start_ms, end_ms in _SPOKEN.rows(connection, over=over):
            spoken = Spoken(seq=seq, speaker=speaker, start_ms=start_ms, end_ms=end_ms)
            world.spoken[interaction_id].append(spoken)


def _load_tickets(connection: sa.Connection, wanted: Collection[str], loaded: Loaded) -> None:
    if wanted:
        for row in _TICKETS.rows(connection, wanted=list(wanted)).mappings():
            loaded.tickets[row["ticket_id"]] = dict(row)
            loaded.world.tickets[row["ticket_id"]] = ticket_of(row, loaded.world.journal)


def _load_calls(connection: sa.Connection, batch: Sequence[Refs], loaded: Loaded) -> None:
    """What people of the batch are owed, with the other tickets that it is about; their earlier numbers."""
    if not any(refs.calls for refs in batch):
        return
    world = loaded.world
    people = {ticket.requester_id for ticket in world.tickets.values()} | set(world.people.values())
    named = {refs.callback for refs in batch if refs.callback}
    loaded.tasks = load_tasks(connection, requesters=people, named=named)
    world.tasks = dict(loaded.tasks)
    others = {one for task in world.tasks.values() for one in task.tickets} - world.tickets.keys()
    _load_tickets(connection, others, loaded)
    if numberless := _numberless(batch, loaded):
        world.earlier = earlier_numbers(connection, numberless)


def _numberless(batch: Sequence[Refs], loaded: Loaded) -> set[str]:
    """Requesters of whom a command may say that they are owed a call, and whose ticket has no number as it was read."""
    world, found = loaded.world, set()
    for refs in batch:
        if refs.owes:
            joined = world.open.get(refs.conversation.pair) if refs.conversation else None
            ids = (*refs.tickets, *((world.interactions[joined].ticket_id,) if joined else ()))
            rows = [loaded.tickets[one] for one in ids if one in loaded.tickets]
            found |= {row["requester_id"] for row in rows if not (row["phone"] or row["callback_phone"])}
            found |= {world.people[key] for one in refs.people if (key := (one.kind, one.value)) in world.people}
    return found


def _load_threads(connection: sa.Connection, batch: Sequence[Refs], world: World) -> None:
    if senders := {refs.thread[1] for refs in batch if refs.thread}:
        found = (thread_of(row, loads) for row in _THREADS.rows(connection, senders=list(senders)).mappings())
        world.threads = {(thread.channel_id, thread.sender): thread for thread in found}
    if told := {one for refs in batch for one in refs.messages}:
        world.deliveries = {row.message_id: row.state for row in _TOLD.rows(connection, told=list(told))}
