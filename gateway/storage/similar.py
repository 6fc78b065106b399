"""Reading tickets for the index of similar ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339
from gateway.ports.similar import TicketWords
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query, loads
from gateway.storage.engine import Sql
from gateway.storage.log_place import seq_before
from gateway.storage.merged import people_behind
from gateway.storage.shape import get_in
from gateway.storage.texts import MAX_INT, check_texts

_COLUMNS = sa.select(
    *(t.tickets.c[name] for name in ("ticket_id", "ticket_no", "event_seq", "status", "created_at", "empty")),
    t.tickets.c.requester_id,
    t.tickets.c.erased_at,
    t.tickets.c.doc,
)
_CHANGED = Query(
    _COLUMNS.where(t.tickets.c.event_seq > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(t.tickets.c.event_seq)
    .limit(sa.bindparam("most", type_=sa.BigInteger))
)
_OF = Query(_COLUMNS.where(listed(t.tickets.c.ticket_id, "wanted")))


class SqlTicketWords:
    """Implements ``ports.similar.TicketWordsStore``."""

    def __init__(self, *, sql: Sql) -> None:
        """Only reads."""
        self._sql = sql

    async def seq_at(self, at: datetime) -> int:
        """See ``TicketWordsStore.seq_at``."""
        return await self._sql.read(lambda c: seq_before(c, at))

    async def changed(self, after: int, limit: int) -> list[TicketWords]:
        """See ``TicketWordsStore.changed``."""
        place = {"after": max(-1, min(after, MAX_INT)), "most": limit}
        return await self._sql.read(lambda c: [_words(row) for row in _CHANGED.rows(c, **place).mappings()])

    async def of(self, ticket_ids: Sequence[str]) -> dict[str, TicketWords]:
        """See ``TicketWordsStore.of``."""
        if not ticket_ids:
            return {}
        check_texts(ticket_ids)
        wanted = list(ticket_ids)
        return await self._sql.read(
            lambda c: {row["ticket_id"]: _words(row) for row in _OF.rows(c, wanted=wanted).mappings()}
        )

    async def reporters(self, tickets: Sequence[TicketWords]) -> dict[str, set[str]]:
        """See ``TicketWordsStore.reporters``."""
        return await self._sql.read(lambda c: _reporters(c, tickets)) if tickets else {}


def _reporters(connection: sa.Connection, tickets: Sequence[TicketWords]) -> dict[str, set[str]]:
    found = {one.ticket_id: {one.requester_id} for one in tickets}
    for head, requester_id in people_behind(connection, list(found)):
        found[head].add(requester_id)
    return found


def _words(row: Any) -> TicketWords:
    doc = loads(row["doc"])
    return TicketWords(
        ticket_id=row["ticket_id"],
        ticket_no=row["ticket_no"],
        event_seq=row["event_seq"],
        status=row["status"],
        created_at=from_rfc3339(row["created_at"]),
        empty=bool(row["empty"]) or row["erased_at"] is not None,
        title=get_in(doc, ("demand", "title")),
        content=get_in(doc, ("demand", "content")),
        district=get_in(doc, ("place", "district", "code")),
        street=get_in(doc, ("place", "street", "code")),
        topic=get_in(doc, ("demand", "category", "l1")),
        subtopic=get_in(doc, ("demand", "category", "l2")),
        requester_id=row["requester_id"],
        community=get_in(doc, ("place", "community", "code")),
        address=get_in(doc, ("place", "address")),
    )
