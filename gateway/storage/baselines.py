"""Baselines: the coded state of tickets that are older than what events tell, so that recounting begins there.

They draw no event_seq and bump no version. Some at a time under the writers' lock, from where the last ones ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from gateway.domain.events import event_of
from gateway.domain.fold import State, coded_state, recounted
from gateway.domain.ids import from_rfc3339
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.bulk import loads
from gateway.storage.codec import interaction_of, json_text, ticket_of
from gateway.storage.engine import Sql, upsert
from gateway.storage.load import lock_writers

OF, UNTIL, CURSOR = ":baselines", "until", "cursor"
AT_ONCE = 50
PAUSE_S = 0.5
"""Between two transactions: whoever writes contacts comes first."""


class SqlBaselines:
    """Writes baselines and recounts tickets."""

    def __init__(self, *, sql: Sql) -> None:
        """Nothing is written yet."""
        self._sql = sql

    async def run(self) -> None:
        """Write all of them, gently; then there is nothing more to be done."""
        written = await self.some()
        while written:
            await asyncio.sleep(PAUSE_S)
            written = await self.some()
        await asyncio.get_running_loop().create_future()

    async def some(self) -> int:
        """Write the next ``AT_ONCE``; how many were left to be written, so 0 once all are."""
        return await self._sql.write(_some)

    async def recount(self, ticket_id: str) -> tuple[State, State]:
        """The coded state of a ticket as it stands, and as its events tell it."""
        return await self._sql.read(lambda connection: _recount(connection, ticket_id))


def _some(connection: sa.Connection) -> int:
    lock_writers(connection)  # of several workers each goes on where another one ended
    state = t.channel_state.c
    query = sa.select(state.key, state.value).where(state.channel_id == OF)
    told = {row.key: row.value for row in connection.execute(query)}
    if UNTIL not in told or told.get(CURSOR) == told[UNTIL]:
        return 0
    ids = t.tickets.c.ticket_id
    wanted = sa.select(t.tickets).where(ids > told.get(CURSOR, ""), ids <= told[UNTIL]).order_by(ids).limit(AT_ONCE)
    rows = connection.execute(wanted).mappings().all()
    if rows:
        states = [
            {"ticket_id": row["ticket_id"], "event_seq": row["event_seq"], "state": json_text(state)}
            for row, state in zip(rows, _standing(connection, rows), strict=True)
        ]
        connection.execute(upsert(connection, t.baselines).on_conflict_do_nothing(), states)
    cursor = {"channel_id": OF, "key": CURSOR, "value": rows[-1]["ticket_id"] if rows else told[UNTIL]}
    insert = upsert(connection, t.channel_state).values(cursor)
    keep = insert.on_conflict_do_update(index_elements=["channel_id", "key"], set_={"value": insert.excluded.value})
    connection.execute(keep)
    return len(rows)


def _standing(connection: sa.Connection, rows: Sequence[Any]) -> list[State]:
    """The coded state of each of ``rows``, with its interactions: of all by one query, while writers wait."""
    own: dict[str, list[Interaction]] = {row["ticket_id"]: [] for row in rows}
    query = sa.select(t.interactions).where(among(t.interactions.c.ticket_id, own))
    for one in connection.execute(query).mappings():
        own[one["ticket_id"]].append(interaction_of(one, loads))
    return [coded_state(ticket_of(row, Journal(0)), own[row["ticket_id"]]) for row in rows]


def _recount(connection: sa.Connection, ticket_id: str) -> tuple[State, State]:
    row = connection.execute(sa.select(t.tickets).where(t.tickets.c.ticket_id == ticket_id)).mappings().one()
    known = connection.execute(sa.select(t.baselines).where(t.baselines.c.ticket_id == ticket_id)).mappings().first()
    baseline = msgspec.json.decode(known["state"]) if known is not None else None
    (standing,) = _standing(connection, [row])
    return standing, recounted(_events(connection, ticket_id, known), baseline)


def _events(connection: sa.Connection, ticket_id: str, known: Any) -> Iterator[tuple[str | None, Any]]:
    events = t.events.c
    query = sa.select(t.events).where(events.ticket_id == ticket_id).order_by(events.event_seq)
    if known is not None:
        query = query.where(events.event_seq > known["event_seq"])
    for row in connection.execute(query).mappings():
        told = event_of(row["type"], from_rfc3339(row["at"]), row["actor"], loads(row["data"]))
        yield row["interaction_id"], told
