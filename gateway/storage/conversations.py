"""Reading written conversations: where a person stands, what was written, which of them rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.change import Identity
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.conversation_store import IdleConversation, SentMessage, ThreadView, TicketBrief
from gateway.ports.message import StoredMessage
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.engine import Sql
from gateway.storage.shape import get_in
from gateway.storage.texts import MAX_INT, check_texts

CONVERSATION = "conversation:"
"""How the external_id of a conversation's interaction begins; the sender follows."""
FINISHED = frozenset({"archived", "merged", "deflected", "informed", "withdrawn"})
TICKETS_SHOWN = 5


class SqlConversationStore:
    """Implements ``ports.conversation_store.ConversationStore``."""

    def __init__(self, *, sql: Sql) -> None:
        """Only reads."""
        self._sql = sql

    async def thread(
        self, channel_id: str, sender: str, *, identities: Sequence[Identity], ticket_nos: Sequence[str]
    ) -> ThreadView:
        """See ``ConversationStore.thread``."""
        check_texts((channel_id, sender, *(i.value for i in identities), *ticket_nos))
        return await self._sql.read(lambda c: _thread(c, channel_id, sender, identities, ticket_nos))

    async def seq_of(self, channel_id: str, sender: str, external_id: str) -> int:
        """See ``ConversationStore.seq_of``."""
        table = t.messages.c
        query = sa.select(table.thread_seq).where(
            table.sender == sender,
            table.channel_id == channel_id,
            table.thread_seq.is_not(None),
            table.external_id == external_id,
            table.direction == "inbound",
        )
        return int(await self._sql.read(lambda c: c.execute(query.limit(1)).scalar()) or 0)

    async def history(self, channel_id: str, sender: str, *, after: int, limit: int) -> list[StoredMessage]:
        """See ``ConversationStore.history``."""
        check_texts((channel_id, sender))
        table = t.messages.c
        query = (
            sa.select(t.messages, t.tickets.c.ticket_no, t.outbox.c.doc)
            .join_from(t.messages, t.interactions, table.interaction_id == t.interactions.c.interaction_id)
            .join(t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id)
            .outerjoin(t.outbox, table.message_id == t.outbox.c.message_id)
            .where(
                table.sender == sender,
                table.channel_id == channel_id,
                table.thread_seq.is_not(None),
                table.thread_seq > max(0, min(after, MAX_INT)),
            )
            .order_by(table.thread_seq)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [_stored(row) for row in c.execute(query).mappings()])

    async def idle(self, before: datetime, limit: int = 100) -> list[IdleConversation]:
        """See ``ConversationStore.idle``. What was written last counts, whoever wrote it."""
        table = t.interactions.c
        newest = (
            sa.select(sa.func.max(t.messages.c.sent_at))
            .where(t.messages.c.interaction_id == table.interaction_id)
            .scalar_subquery()
        )
        heard = (
            sa.select(sa.func.max(t.threads.c.heard_at))
            .where(
                t.threads.c.sender == sa.func.substr(table.external_id, len(CONVERSATION) + 1),
                t.threads.c.channel_id == table.channel_id,
            )
            .scalar_subquery()
        )
        limit_at = rfc3339(before)
        query = (
            sa.select(t.interactions)
            .where(
                table.disposition.is_(None),
                table.lease_until.is_(None),
                table.external_id.startswith(CONVERSATION),
                table.started_at < limit_at,
                sa.func.coalesce(newest, table.started_at) < limit_at,
                sa.func.coalesce(heard, table.started_at) < limit_at,
            )
            .order_by(table.interaction_id)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [_idle(row) for row in c.execute(query).mappings()])

    async def receipted(self, channel_id: str, external_id: str) -> SentMessage | None:
        """See ``ConversationStore.receipted``."""
        check_texts((channel_id, external_id))
        table = t.outbox.c
        query = sa.select(t.outbox).where(table.external_id == external_id, table.channel_id == channel_id).limit(1)
        row = await self._sql.read(lambda c: c.execute(query).mappings().first())
        if row is None:
            return None
        keys = ("message_id", "ticket_id", "interaction_id", "recipient", "state")
        return SentMessage(**{key: row[key] for key in keys})


_OWN = (
    sa.select(t.threads, t.tickets.c.ticket_no, t.tickets.c.requester_id)
    .join_from(t.threads, t.tickets, t.threads.c.ticket_id == t.tickets.c.ticket_id)
    .where(t.threads.c.sender == sa.bindparam("of_sender"), t.threads.c.channel_id == sa.bindparam("of_channel"))
)
_OPEN = (
    sa.select(t.interactions, t.tickets.c.ticket_no)
    .join_from(t.interactions, t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id)
    .where(
        t.interactions.c.disposition.is_(None),
        t.interactions.c.external_id == sa.bindparam("of_conversation"),
        t.interactions.c.channel_id == sa.bindparam("of_channel"),
    )
)


def _thread(
    connection: sa.Connection,
    channel_id: str,
    sender: str,
    identities: Sequence[Identity],
    ticket_nos: Sequence[str],
) -> ThreadView:
    place = {"of_sender": sender, "of_channel": channel_id}
    own = connection.execute(_OWN, place).first()
    opened = connection.execute(_OPEN, place | {"of_conversation": f"{CONVERSATION}{sender}"}).first()
    requesters = _requesters(connection, identities)
    if own is not None:
        requesters.add(own.requester_id)
    tickets = _tickets(connection, requesters, ticket_nos)
    return ThreadView(
        ticket_id=own.ticket_id if own else None,
        ticket_no=own.ticket_no if own else None,
        interaction_id=own.interaction_id if own else None,
        open_interaction_id=opened.interaction_id if opened else None,
        open_ticket_id=opened.ticket_id if opened else None,
        open_ticket_no=opened.ticket_no if opened else None,
        dialogue=opened.dialogue if opened else None,
        dialogue_no=(opened.dialogue_no or 0) if opened else 0,
        phone_known=_phone_known(connection, requesters),
        tickets=tickets,
        last_seq=own.last_seq if own else 0,
    )


def _requesters(connection: sa.Connection, identities: Sequence[Identity]) -> set[str]:
    """Whom the identities name."""
    if not identities:
        return set()
    table = t.identities.c
    query = sa.select(t.identities).where(among(table.value, [i.value for i in identities]))
    wanted = {(i.kind, i.value) for i in identities}
    return {row.requester_id for row in connection.execute(query) if (row.kind, row.value) in wanted}


def _phone_known(connection: sa.Connection, requesters: set[str]) -> bool:
    if not requesters:
        return False
    docs = connection.execute(sa.select(t.requesters.c.doc).where(among(t.requesters.c.requester_id, requesters)))
    if any(doc.get("callback_phone") for doc in docs.scalars()):
        return True
    table = t.identities.c
    query = sa.select(table.value).where(table.kind == "phone", among(table.requester_id, requesters))
    return connection.execute(query.limit(1)).first() is not None


def _tickets(connection: sa.Connection, requesters: set[str], ticket_nos: Sequence[str]) -> tuple[TicketBrief, ...]:
    if not requesters:
        return ()
    table = t.tickets.c
    query = sa.select(t.tickets).where(among(table.requester_id, requesters))
    recent = query.where(table.status.not_in(FINISHED)).order_by(table.ticket_no.desc()).limit(TICKETS_SHOWN)
    rows = list(connection.execute(recent).mappings())
    if ticket_nos:
        rows += connection.execute(query.where(among(table.ticket_no, ticket_nos))).mappings()
    return tuple({row["ticket_no"]: _brief(row) for row in rows}.values())


def _brief(row: Any) -> TicketBrief:
    doc = row["doc"]
    return TicketBrief(
        ticket_id=row["ticket_id"],
        ticket_no=row["ticket_no"],
        status=row["status"],
        title=get_in(doc, ("demand", "title")),
        created_at=from_rfc3339(row["created_at"]),
        callback=get_in(doc, ("handling", "callback", "state")),
        public_reply=get_in(doc, ("outcome", "public_reply")),
    )


def _idle(row: Any) -> IdleConversation:
    keys = ("interaction_id", "ticket_id", "channel_id", "external_id", "dialogue")
    return IdleConversation(**{key: row[key] for key in keys}, started_at=from_rfc3339(row["started_at"]))


def _stored(row: Any) -> StoredMessage:
    replies = (row["doc"] or {}).get("quick_replies", ())
    return StoredMessage(
        seq=row["thread_seq"],
        message_id=row["message_id"],
        direction=row["direction"],
        sent_at=from_rfc3339(row["sent_at"]),
        kind=row["kind"],
        text=row["text"],
        attachment_id=row["attachment_id"],
        external_id=row["external_id"],
        delivery=row["delivery"],
        ticket_no=row["ticket_no"],
        quick_replies=tuple((key, label) for key, label in replies),
    )
