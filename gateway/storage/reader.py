"""Reading the record: one ticket, pages that miss nothing, events, and a live stream of them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.veil import text_wholly
from gateway.errors import NotFound, RejectedInput
from gateway.ports.store import OWED, CallbackQuery, Record, TicketPage, TicketQuery
from gateway.storage import record as shown
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.callback_list import owed_call, owed_calls
from gateway.storage.commit_net import LAST
from gateway.storage.engine import Sql
from gateway.storage.log_place import seq_before
from gateway.storage.merged import families
from gateway.storage.search import page
from gateway.storage.signal import CommitSignal
from gateway.storage.texts import MAX_INT, check_texts

MAX_LIMIT = 1000
_CURSOR = re.compile(r"([sn])([0-9]{1,18})")


class SqlTicketReader:
    """Implements ``ports.store.TicketReader``. Each call sees one snapshot of the database."""

    def __init__(self, *, sql: Sql, committed: CommitSignal, zone: tzinfo = UTC) -> None:
        """``committed`` tells of commits; ``zone`` is that of ticket numbers."""
        self._zone = zone
        self._sql = sql
        self._committed = committed

    async def ticket(self, ticket_id: str) -> Record:
        """See ``ports.store.TicketReader.ticket``."""
        check_texts((ticket_id,))
        found = await self._sql.read(
            lambda c: whole_records(c, (ticket_id,)) or whole_records(c, (ticket_id,), by_no=True)
        )
        if not found:
            raise NotFound(f"there is no ticket {ticket_id!r}")
        return next(iter(found.values()))

    async def delivered(self, channel_id: str, external_id: str) -> Record | None:
        """See ``ports.store.TicketReader.delivered``."""
        check_texts((channel_id, external_id))
        seen = t.seen_keys.c
        query = sa.select(seen.ticket_id, seen.ticket_no, seen.interaction_id)
        query = query.where(seen.external_id == external_id, seen.channel_id == channel_id)
        found = await self._sql.read(lambda c: c.execute(query).mappings().one_or_none())
        return dict(found) if found is not None else None

    async def changed_since(self, at: datetime) -> int:
        """See ``ports.store.TicketReader.changed_since``."""
        return await self._sql.read(lambda c: seq_before(c, at))

    async def tickets(self, query: TicketQuery) -> TicketPage:
        """See ``ports.store.TicketReader.tickets``.

        Pages follow ``event_seq``: a ticket that changes during a walk comes again, in its new state, at the end.
        ``newest_first`` follows ``ticket_no`` downwards, which never changes.
        """
        limit = max(1, min(query.limit, MAX_LIMIT))
        after = _place(query)

        def work(connection: sa.Connection) -> list[Record]:
            statement = page(connection, query, self._zone, after=after, limit=limit + 1)
            rows = connection.execute(statement).mappings().all()
            return _records(connection, rows, whole=False)

        found = await self._sql.read(work)
        items = found[:limit]
        more = len(found) > limit
        last = (f"n{items[-1]['ticket_no']}" if query.newest_first else f"s{items[-1]['event_seq']}") if more else None
        return TicketPage(items=items, next_cursor=last)

    async def same_requester(self, ticket_id: str, *, limit: int = 20) -> list[Record]:
        """See ``ports.store.TicketReader.same_requester``."""
        check_texts((ticket_id,))
        table, own = t.tickets, t.tickets.alias("own")
        statement = (
            sa.select(table)
            .join_from(own, table, table.c.requester_id == own.c.requester_id)
            .where(own.c.ticket_id == ticket_id, table.c.ticket_id != ticket_id)
            .where(own.c.hidden.is_(False), table.c.hidden.is_(False), table.c.erased_at.is_(None))
            .order_by(table.c.ticket_no.desc())
            .limit(limit)
        )
        return await self._sql.read(lambda c: _records(c, c.execute(statement).mappings().all(), whole=False))

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[Record]:
        """See ``ports.store.TicketReader.events``."""
        check_texts((ticket_id,))
        statement = sa.select(t.events).where(t.events.c.event_seq > min(after, MAX_INT)).order_by(t.events.c.event_seq)
        if ticket_id is not None:
            statement = statement.where(t.events.c.ticket_id == ticket_id)
        return await self._sql.read(
            lambda c: [event_record(row) for row in c.execute(statement.limit(limit)).mappings()],
        )

    async def last_event_seq(self) -> int:
        """See ``ports.store.TicketReader.last_event_seq``."""
        return int(await self._sql.read(lambda c: c.execute(LAST).scalar_one()))

    async def watch(self, after: int) -> AsyncGenerator[Record, None]:
        """See ``ports.store.TicketReader.watch``."""
        while True:
            committed = self._committed.next()
            found = await self.events(after=after)
            for event in found:
                after = event["event_seq"]
                yield event
            if not found:
                await asyncio.wait({committed})

    async def recording_path(self, interaction_id: str) -> str | None:
        """See ``ports.store.TicketReader.recording_path``."""
        check_texts((interaction_id,))
        table = t.interactions
        query = sa.select(table.c.recording_path).where(table.c.interaction_id == interaction_id)
        found = await self._sql.read(lambda c: c.execute(query).one_or_none())
        if found is None:
            raise NotFound(f"there is no interaction {interaction_id!r}")
        path: str | None = found.recording_path
        return path

    async def callbacks(self, query: CallbackQuery = OWED) -> list[Record]:
        """See ``ports.store.TicketReader.callbacks``."""
        return await self._sql.read(lambda c: owed_calls(c, query))

    async def callback(self, callback_id: str) -> Record:
        """See ``ports.store.TicketReader.callback``."""
        check_texts((callback_id,))
        found = await self._sql.read(lambda c: owed_call(c, callback_id))
        if found is None:
            raise NotFound(f"there is no callback {callback_id!r}")
        return found

    async def ping(self) -> None:
        """See ``ports.store.TicketReader.ping``."""
        touch = sa.update(t.counters).where(t.counters.c.name == "ping").values(value=t.counters.c.value + 1)
        await self._sql.write(lambda c: c.execute(touch).rowcount)
        await self.last_event_seq()


def whole_records(connection: sa.Connection, ids: Sequence[str], *, by_no: bool = False) -> dict[str, Record]:
    """Records with transcript and messages, by ticket_id."""
    column = t.tickets.c.ticket_no if by_no else t.tickets.c.ticket_id
    rows = connection.execute(sa.select(t.tickets).where(among(column, ids))).mappings().all()
    return {record["ticket_id"]: record for record in _records(connection, rows, whole=True)}


def event_record(row: Any) -> Record:
    """An ``events`` row as the API shows it."""
    keys = ("event_seq", "event_id", "type", "at", "ticket_id", "ticket_no", "interaction_id", "actor", "data")
    event = {key: row[key] for key in keys}
    if isinstance(said := event["data"].get("error"), str):  # a provider may repeat the number that it did not reach
        event["data"] = {**event["data"], "error": text_wholly(said)}
    return event


def _place(query: TicketQuery) -> str | None:
    """The ticket number, or the event_seq, behind which the page of its cursor begins; ``RejectedInput``."""
    if query.cursor is None:
        return None
    cursor = _CURSOR.fullmatch(query.cursor)
    if cursor is None or (cursor[1] == "n") is not query.newest_first:
        raise RejectedInput("this cursor is not one of this list; leave it out to begin anew")
    return cursor[2]


def _records(connection: sa.Connection, rows: Sequence[Any], *, whole: bool) -> list[Record]:
    ids = [row["ticket_id"] for row in rows]
    by_ticket: dict[str, list[Record]] = {ticket_id: [] for ticket_id in ids}
    by_interaction: dict[str, Record] = {}
    if ids:
        table = t.interactions
        query = sa.select(table).where(among(table.c.ticket_id, ids))
        for row in connection.execute(query.order_by(table.c.started_at, table.c.interaction_id)).mappings():
            interaction = shown.interaction_record(dict(row))
            by_ticket[row["ticket_id"]].append(interaction)
            by_interaction[row["interaction_id"]] = interaction
    if whole and by_interaction:
        for key, part, order, make in (
            ("transcript", t.segments, (), shown.segment_record),
            # The provider's time, then arrival: what was written first may have arrived second.
            ("messages", t.messages, (t.messages.c.sent_at,), shown.message_record),
        ):
            for interaction in by_interaction.values():
                interaction[key] = []
            query = sa.select(part).where(among(part.c.interaction_id, by_interaction))
            for row in connection.execute(query.order_by(part.c.interaction_id, *order, part.c.seq)).mappings():
                by_interaction[row["interaction_id"]][key].append(make(dict(row)))
    merged = families(connection, [row["ticket_id"] for row in rows])
    return [shown.ticket_record(dict(row), by_ticket[row["ticket_id"]], merged.get(row["ticket_id"])) for row in rows]
