"""Reading written conversations: where a person stands, what was written, which of them rest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.case.replies import newest, to_judge
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.keys import CONVERSATION, Identity
from gateway.domain.status import CLOSED, Status
from gateway.domain.task_status import owes_reply
from gateway.domain.words import ContactBy
from gateway.ports.conversation_store import AnsweredHere, IdleConversation, SentMessage, ThreadView, TicketBrief
from gateway.ports.message import StoredMessage
from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query, loads
from gateway.storage.codec import form_of
from gateway.storage.engine import Sql
from gateway.storage.load import SHOWN
from gateway.storage.shape import Tree, get_in
from gateway.storage.texts import MAX_INT, check_texts

TICKETS_SHOWN = 5
LOOKED_BACK = 20
"""Among so many of the last things that we wrote to somebody a reply is looked for."""
_FINISHED = [status.value for status in CLOSED if status is not Status.MERGED]
"""Of these nothing is told unless somebody names their number; what was merged goes on elsewhere."""


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

    async def answered_here(self, channel_id: str, sender: str, now: datetime) -> AnsweredHere | None:
        """See ``ConversationStore.answered_here``."""
        place = {"of_sender": sender, "of_channel": channel_id, "now": rfc3339(now)}
        return await self._sql.read(lambda c: _answered_here(c, place))

    async def seq_of(self, channel_id: str, sender: str, external_id: str) -> int:
        """See ``ConversationStore.seq_of``."""
        place = {"of_sender": sender, "of_channel": channel_id, "given_id": external_id}
        return int(await self._sql.read(lambda c: _SEQ.rows(c, **place).scalar()) or 0)

    async def history(self, channel_id: str, sender: str, *, after: int, limit: int) -> list[StoredMessage]:
        """See ``ConversationStore.history``."""
        check_texts((channel_id, sender))
        place = {"of_sender": sender, "of_channel": channel_id, "after": max(0, min(after, MAX_INT)), "most": limit}
        return await self._sql.read(lambda c: [_stored(row) for row in _HISTORY.rows(c, **place)])

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
        place = {"of_channel": channel_id, "given_id": external_id}
        row = await self._sql.read(lambda c: _RECEIPTED.rows(c, **place).mappings().first())
        return None if row is None else SentMessage(**row)


def _of_sender(*more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    table = t.messages.c
    own = (table.sender == sa.bindparam("of_sender"), table.channel_id == sa.bindparam("of_channel"))
    return sa.and_(*own, table.thread_seq.is_not(None), *more)


_SEQ = Query(
    sa.select(t.messages.c.thread_seq)
    .where(_of_sender(t.messages.c.external_id == sa.bindparam("given_id"), t.messages.c.direction == "inbound"))
    .limit(sa.literal_column("1"))
)
_SHOWN = ("message_id", "direction", "sent_at", "kind", "text", "attachment_id", "external_id", "delivery")
_HISTORY = Query(
    sa.select(
        t.messages.c.thread_seq,
        *(t.messages.c[name] for name in _SHOWN),
        t.tickets.c.ticket_no,
        t.outbox.c.doc,
    )
    .join_from(t.messages, t.interactions, t.messages.c.interaction_id == t.interactions.c.interaction_id)
    .join(t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id)
    .outerjoin(t.outbox, t.messages.c.message_id == t.outbox.c.message_id)
    .where(_of_sender(t.messages.c.thread_seq > sa.bindparam("after")))
    .order_by(t.messages.c.thread_seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_RECEIPTED = Query(
    sa.select(*(t.outbox.c[name] for name in ("message_id", "ticket_id", "interaction_id", "recipient", "state")))
    .where(t.outbox.c.external_id == sa.bindparam("given_id"), t.outbox.c.channel_id == sa.bindparam("of_channel"))
    .limit(sa.literal_column("1"))
)
_OWN = Query(
    sa.select(
        *(t.threads.c[name] for name in ("ticket_id", "interaction_id", "last_seq")),
        *(t.tickets.c[name] for name in ("ticket_no", "requester_id")),
    )
    .join_from(t.threads, t.tickets, t.threads.c.ticket_id == t.tickets.c.ticket_id)
    .where(t.threads.c.sender == sa.bindparam("of_sender"), t.threads.c.channel_id == sa.bindparam("of_channel"))
)
_WRITTEN_LAST = Query(
    sa.select(t.tickets.c.ticket_id, t.tickets.c.doc, t.interactions.c.interaction_id, t.messages.c.message_id)
    .join_from(t.messages, t.interactions, t.messages.c.interaction_id == t.interactions.c.interaction_id)
    .join(t.tickets, t.interactions.c.ticket_id == t.tickets.c.ticket_id)
    .outerjoin(t.outbox, t.messages.c.message_id == t.outbox.c.message_id)
    .where(
        _of_sender(t.messages.c.direction == "outbound"),
        t.tickets.c.erased_at.is_(None),
        sa.or_(  # what waits for its hour is not before them yet
            t.outbox.c.not_before.is_(None), t.outbox.c.not_before <= sa.bindparam("now"), t.outbox.c.state != "queued"
        ),
    )
    .order_by(t.messages.c.thread_seq.desc())
    .limit(sa.literal_column(str(LOOKED_BACK)))
)
_OPEN = Query(
    sa.select(*(t.interactions.c[name] for name in ("interaction_id", "ticket_id", "dialogue", "dialogue_no"))).where(
        t.interactions.c.disposition.is_(None),
        t.interactions.c.external_id == sa.bindparam("of_conversation"),
        t.interactions.c.channel_id == sa.bindparam("of_channel"),
    )
)
_NAMED = Query(sa.select(t.identities).where(listed(t.identities.c.value, "values"), SHOWN))
_PHONE = Query(
    sa.select(t.identities.c.value)
    .where(t.identities.c.kind == "phone", listed(t.identities.c.requester_id, "requesters"), SHOWN)
    .limit(sa.literal_column("1"))
)
_TOLD_PHONE = Query(
    sa.select(t.tickets.c.ticket_id)
    .where(listed(t.tickets.c.requester_id, "requesters"), t.tickets.c.callback_phone.is_not(None))
    .where(t.tickets.c.hidden.is_(False))
    .limit(sa.literal_column("1"))
)
_BRIEF = sa.select(*(t.tickets.c[name] for name in ("ticket_id", "ticket_no", "status", "created_at", "doc")))
_CALLED = Query(
    sa.select(t.callbacks.c.callback_id, t.callbacks.c.phone).where(listed(t.callbacks.c.callback_id, "named"))
)
_HEAD = Query(_BRIEF.where(t.tickets.c.ticket_id == sa.bindparam("of_ticket")))
_UNERASED = t.tickets.c.erased_at.is_(None)
_THEIRS = listed(t.tickets.c.requester_id, "requesters")
_RECENT = Query(
    _BRIEF.where(_THEIRS, _UNERASED, sa.not_(listed(t.tickets.c.status, "finished")))
    .order_by(t.tickets.c.ticket_no.desc())
    .limit(sa.literal_column(str(TICKETS_SHOWN)))
)
_NUMBERED = Query(
    _BRIEF.where(
        listed(t.tickets.c.ticket_no, "numbers"),
        _UNERASED,
        sa.or_(
            _THEIRS,
            sa.exists().where(
                t.interactions.c.ticket_id == t.tickets.c.ticket_id,
                t.interactions.c.channel_id == sa.bindparam("of_channel"),
                t.interactions.c.external_id == sa.bindparam("of_conversation"),
            ),
        ),
    )
)
"""Of their requesters, or told on this very account: of who hides, no requester leads to the ticket."""


def _answered_here(connection: sa.Connection, place: dict[str, str]) -> AnsweredHere | None:
    for nth, row in enumerate(_WRITTEN_LAST.rows(connection, **place)):
        form = form_of(loads(row.doc))
        reply = newest(form.handling)
        found = to_judge(reply, form.outcome.evaluations)
        if found is not None and reply is not None:
            return AnsweredHere(
                to_judge=found,
                ticket_id=row.ticket_id,
                interaction_id=row.interaction_id,
                is_last=nth == 0 and row.message_id == reply.message_id,
            )
    return None


def _thread(
    connection: sa.Connection,
    channel_id: str,
    sender: str,
    identities: Sequence[Identity],
    ticket_nos: Sequence[str],
) -> ThreadView:
    place = {"of_sender": sender, "of_channel": channel_id}
    conversation = {"of_channel": channel_id, "of_conversation": f"{CONVERSATION}{sender}"}
    own = _OWN.rows(connection, **place).first()
    opened = _OPEN.rows(connection, **conversation).first()
    requesters = _requesters(connection, identities)
    if own is not None:
        requesters.add(own.requester_id)
    tickets = _tickets(connection, requesters, ticket_nos, conversation)
    return ThreadView(
        ticket_id=own.ticket_id if own else None,
        ticket_no=own.ticket_no if own else None,
        interaction_id=own.interaction_id if own else None,
        open_interaction_id=opened.interaction_id if opened else None,
        open_ticket_id=opened.ticket_id if opened else None,
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
    wanted = {(i.kind, i.value) for i in identities}
    rows = _NAMED.rows(connection, values=[i.value for i in identities])
    return {row.requester_id for row in rows if (row.kind, row.value) in wanted}


def _phone_known(connection: sa.Connection, requesters: set[str]) -> bool:
    if not requesters:
        return False
    return any(query.rows(connection, requesters=list(requesters)).first() for query in (_PHONE, _TOLD_PHONE))


def _tickets(
    connection: sa.Connection, requesters: set[str], ticket_nos: Sequence[str], conversation: dict[str, str]
) -> tuple[TicketBrief, ...]:
    own = list(requesters)
    rows = list(_RECENT.rows(connection, requesters=own, finished=_FINISHED)) if own else []
    if ticket_nos:
        rows += _NUMBERED.rows(connection, requesters=own, numbers=list(ticket_nos), **conversation)
    docs = {row.ticket_no: (row, loads(row.doc)) for row in rows}
    named = {doc["callback_id"] for _, doc in docs.values() if "callback_id" in doc}
    phones = {c.callback_id: c.phone for c in _CALLED.rows(connection, named=list(named))} if named else {}
    heads = _heads(connection, [doc for _, doc in docs.values()])
    found = [
        _brief(row, doc, phones.get(doc.get("callback_id", "")), heads.get(_merged_into(doc) or ""))
        for row, doc in docs.values()
    ]
    return tuple(one for one in found if one.head is None or one.status not in CLOSED or one.ticket_no in ticket_nos)


def _merged_into(doc: Tree) -> str | None:
    into: str | None = get_in(doc, ("related", "merged_into"))
    return into


def _heads(connection: sa.Connection, docs: Sequence[Tree]) -> dict[str, tuple[Any, Tree]]:
    """By the ticket that each of ``docs`` went into: the one in which that is handled in the end."""
    found: dict[str, tuple[Any, Tree]] = {}
    for into in {one for doc in docs if (one := _merged_into(doc)) is not None}:
        above: str | None = into
        while above is not None:
            row = _HEAD.rows(connection, of_ticket=above).first()
            found[into] = (row, loads(row.doc))
            above = _merged_into(found[into][1])
    return found


def _brief(row: Any, doc: Tree, phone: str | None, head: tuple[Any, Tree] | None) -> TicketBrief:
    """``head``: the ticket in which it is handled, where it went into another one."""
    handled = head[1] if head is not None else doc
    units = get_in(handled, ("handling", "units")) or ()
    due = [one["due_at"] for one in units if one.get("due_at") and owes_reply(one)]
    return TicketBrief(
        ticket_id=row.ticket_id,
        ticket_no=row.ticket_no,
        status=row.status if head is None else head[0].status,
        title=get_in(doc, ("demand", "title")),
        created_at=from_rfc3339(row.created_at),
        callback=get_in(doc, ("handling", "callback", "state")),
        callback_phone=phone,
        by_message=get_in(doc, ("requester", "contact_by")) == ContactBy.MESSAGE,
        public_reply=get_in(doc, ("outcome", "public_reply")),
        head=head[0].ticket_id if head is not None else None,
        due_at=from_rfc3339(min(due)) if due else None,
        unit=get_in(handled, ("handling", "lead_unit")),
    )


def _idle(row: Any) -> IdleConversation:
    keys = ("interaction_id", "ticket_id", "channel_id", "external_id", "dialogue")
    return IdleConversation(**{key: row[key] for key in keys}, started_at=from_rfc3339(row["started_at"]))


def _stored(row: Any) -> StoredMessage:
    replies = (loads(row.doc) or {}).get("quick_replies", ())
    return StoredMessage(
        seq=row.thread_seq,
        message_id=row.message_id,
        direction=row.direction,
        sent_at=from_rfc3339(row.sent_at),
        kind=row.kind,
        text=row.text,
        attachment_id=row.attachment_id,
        external_id=row.external_id,
        delivery=row.delivery,
        ticket_no=row.ticket_no,
        quick_replies=tuple((key, label) for key, label in replies),
    )
