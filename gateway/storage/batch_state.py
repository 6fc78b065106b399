"""What a batch knows: rows read under the writers' lock, then changed in memory, then written in bulk."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from gateway.domain.callback import Task
from gateway.domain.ids import new_ulid
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.batch_callbacks import earlier_numbers, load_tasks
from gateway.storage.bulk import Lookup, Query, loads
from gateway.storage.prepare import Prepared, Row
from gateway.storage.shape import Tree

EVENT_SEQ = "event_seq"
_LOCK = sa.select(t.counters.c.value).where(t.counters.c.name == EVENT_SEQ).with_for_update()
_SERIALS, _SEEN = Lookup(t.serials.c.day), Lookup(t.seen_keys.c.external_id)
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
Key = tuple[str, str]
"""(channel_id, external_id)."""


class TicketState:
    """A ticket's row as the batch leaves it. ``row`` and ``doc`` are this batch's own."""

    __slots__ = ("_doc", "dirty", "new", "row")

    def __init__(self, row: Row, doc: Tree | str, *, new: bool = False) -> None:
        """``doc`` may be as it was read; it is parsed only if somebody looks."""
        self.row = row
        self.new = new
        self.dirty = False
        self._doc = doc

    @property
    def doc(self) -> Tree:
        """The document, to be altered in place."""
        if isinstance(self._doc, str):
            self._doc = cast("Tree", loads(self._doc))
        return self._doc

    @property
    def written(self) -> Tree | str:
        """The document as it is to be written."""
        return self._doc


@dataclass(slots=True)
class InteractionState:
    """An interaction's row as the batch leaves it."""

    row: Row
    new: bool = False
    dirty: bool = False
    messages: int = 0
    """The last message's seq."""


@dataclass(slots=True)
class State:
    """Everything that the changes of one batch look at or make."""

    event_seq: int
    seen: dict[Key, Row] = field(default_factory=dict)
    open: dict[Key, str] = field(default_factory=dict)
    tickets: dict[str, TicketState] = field(default_factory=dict)
    interactions: dict[str, InteractionState] = field(default_factory=dict)
    identities: dict[Key, str] = field(default_factory=dict)
    """(kind, value) -> requester_id, of requesters with a ticket that is not hidden."""
    threads: dict[Key, Row] = field(default_factory=dict)
    """By (channel_id, sender)."""
    changed_threads: set[Key] = field(default_factory=set)
    outbox: dict[str, str] = field(default_factory=dict)
    """message_id -> state, of the queued messages that deliveries tell of."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """Calls that are owed to the people of the batch, by callback_id, and others that somebody works on."""
    tasks_before: Mapping[str, Task] = field(default_factory=dict)
    """Those as they were read."""
    earlier: Mapping[str, str] = field(default_factory=dict)
    """requester_id -> the number of an earlier ticket, of people who are owed a call and have none in theirs."""
    segments: set[tuple[str, int]] = field(default_factory=set)
    """Those that corrections may refer to."""
    spoken: dict[str, list[Row]] = field(default_factory=dict)
    """What the transcripts of closed interactions hold to which the batch adds words: seq, speaker, start and end."""
    serials: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    """New rows by table."""
    drawn: set[str] = field(default_factory=set)
    """City days that got a ticket."""

    def add(self, table: str, row: Row) -> None:
        """Insert ``row`` at the end of the batch."""
        self.rows.setdefault(table, []).append(row)

    def tell(self, ticket: TicketState, event: Row) -> None:
        """Give another ticket than the Change's an event like ``event``: it has altered with it."""
        self.event_seq += 1
        ids = {"event_id": new_ulid(), "event_seq": self.event_seq, "interaction_id": None}
        self.add("events", event | ids | {name: ticket.row[name] for name in ("ticket_id", "ticket_no")})
        ticket.row["event_seq"] = self.event_seq
        ticket.row["updated_at"] = event["at"]
        ticket.row["version"] += 1
        ticket.dirty = True


def lock_writers(connection: sa.Connection) -> int:
    """Have the only transaction that alters the record until it ends; the last event_seq drawn.

    Without it, a batch could write back what it read of a row before another transaction altered it.
    """
    last: int = connection.execute(_LOCK).scalar_one()
    return last


def load(connection: sa.Connection, batch: Sequence[Prepared], days: Mapping[int, str]) -> State:
    """Lock the counter row, then read what the batch refers to. ``days`` are the city days of new tickets."""
    state = State(event_seq=lock_writers(connection))
    _load_seen(connection, batch, state)
    _load_open(connection, batch, state)
    _load_tickets(connection, batch, state)
    _load_people(connection, batch, state)
    _load_calls(connection, batch, state)
    _load_threads(connection, batch, state)
    if days:
        state.serials = {row.day: row.last for row in _SERIALS.rows(connection, set(days.values()))}
    return state


def _load_seen(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    keys = {p.dedupe.external_id for p in batch if p.dedupe}
    keys |= {key.external_id for p in batch for key in p.change.also}
    if keys:
        found = _SEEN.rows(connection, keys).mappings()
        state.seen = {(row["channel_id"], row["external_id"]): dict(row) for row in found}


def _load_open(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    joins = {p.change.join.external_id for p in batch if p.change.join}
    wanted = {p.change.interaction_id for p in batch if p.change.interaction_id}
    found: list[Row] = []
    if joins:
        found += map(_with_doc, _OPEN.rows(connection, joins=list(joins)).mappings())
        state.open = {(row["channel_id"], row["external_id"]): row["interaction_id"] for row in found}
    if wanted:
        found += map(_with_doc, _WANTED.rows(connection, wanted=list(wanted)).mappings())
    state.interactions = {row["interaction_id"]: InteractionState(row) for row in found}
    writing = {p.change.interaction_id for p in batch if p.messages} | (set(state.open.values()) if joins else set())
    if known := writing & state.interactions.keys():
        for interaction_id, seq in _MESSAGES.rows(connection, known=list(known)):
            state.interactions[interaction_id].messages = seq
    if corrected := {p.change.interaction_id for p in batch if p.change.corrected_segments}:
        rows = _SEGMENTS.rows(connection, corrected=list(corrected))
        state.segments = {(interaction_id, seq) for interaction_id, seq in rows}
    _load_spoken(connection, {p.change.interaction_id for p in batch if p.segments}, state)


def _load_spoken(connection: sa.Connection, told: Collection[str | None], state: State) -> None:
    """Of a call that is open its owner alone writes words; those of a closed one may be there already."""
    over = [i for i, known in state.interactions.items() if i in told and known.row["disposition"] is not None]
    if over:
        state.spoken = {interaction_id: [] for interaction_id in over}
        for row in _SPOKEN.rows(connection, over=over).mappings():
            state.spoken[row["interaction_id"]].append(dict(row))


def _load_tickets(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    wanted = {p.change.ticket_id for p in batch if p.change.ticket_id}
    wanted |= {p.change.merge.other for p in batch if p.change.merge}
    wanted |= {state.interactions[i].row["ticket_id"] for i in state.open.values()}
    _read_tickets(connection, wanted, state)


def _read_tickets(connection: sa.Connection, wanted: Collection[str], state: State) -> None:
    if wanted:
        found = _TICKETS.rows(connection, wanted=list(wanted)).mappings()
        state.tickets.update({row["ticket_id"]: TicketState(dict(row), row["doc"]) for row in found})


def _load_calls(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    """What people of the batch are owed, with the other tickets that it is about; their earlier numbers."""
    if not any(p.touches_calls for p in batch):
        return
    people = {ticket.row["requester_id"] for ticket in state.tickets.values()} | set(state.identities.values())
    named = {p.change.work.callback_id for p in batch if p.change.work}
    state.tasks = load_tasks(connection, requesters=people, named=named)
    state.tasks_before = dict(state.tasks)
    _read_tickets(connection, {i for task in state.tasks.values() for i in task.tickets} - state.tickets.keys(), state)
    if numberless := _numberless(batch, state):
        state.earlier = earlier_numbers(connection, numberless)


def _numberless(batch: Sequence[Prepared], state: State) -> set[str]:
    """Requesters of whom a Change says that they are owed a call, and whose ticket has no number as it was read."""
    owing = [p.change for p in batch if p.change.callback]
    joined = {state.open.get((c.join.channel_id, c.join.external_id)) for c in owing if c.join}
    ids = {c.ticket_id for c in owing} | {state.interactions[i].row["ticket_id"] for i in joined if i}
    rows = [state.tickets[i].row for i in ids if i in state.tickets]
    found = {row["requester_id"] for row in rows if not (row["phone"] or row["callback_phone"])}
    new = [c.new_ticket.requester for c in owing if c.new_ticket and not c.new_ticket.requester.fields.get("phone")]
    keys = {(identity.kind, identity.value) for requester in new for identity in requester.identities}
    return found | {state.identities[key] for key in keys if key in state.identities}


def _load_threads(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    senders = {p.change.thread.sender for p in batch if p.change.thread}
    if senders:
        found = map(_with_doc, _THREADS.rows(connection, senders=list(senders)).mappings())
        state.threads = {(row["channel_id"], row["sender"]): row for row in found}
    told = {d.message_id for p in batch for d in p.change.deliveries}
    if told:
        state.outbox = {row.message_id: row.state for row in _TOLD.rows(connection, told=list(told))}


def _load_people(connection: sa.Connection, batch: Sequence[Prepared], state: State) -> None:
    new = [p.change.new_ticket.requester for p in batch if p.change.new_ticket]
    values = {identity.value for requester in new for identity in requester.identities}
    if values:
        found = _IDENTITIES.rows(connection, values=list(values))
        state.identities = {(row.kind, row.value): row.requester_id for row in found}


def _with_doc(row: Any) -> Row:
    return dict(row) | {"doc": loads(row["doc"])}
