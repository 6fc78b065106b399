"""The outbox and the attachments as their workers see them: leases in SQL, short transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.status import REPLY_STANDS
from gateway.errors import NotFound
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import AttachmentRow, OutboxRow, WaitingVoice
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.engine import Sql, upsert
from gateway.storage.merged import status_of_head
from gateway.storage.shape import get_in
from gateway.storage.takeable import Queue, Takeable, later
from gateway.storage.tasks import reply_number
from gateway.storage.texts import check_texts
from gateway.storage.watched import WatchedSql

PER_RECIPIENT = 20
MAX_ERROR = 300
FETCH, TRANSCRIBE = "fetch", "transcribe"
"""What there is to do with an attachment."""
FORGET_AT_ONCE = 500
"""Rows deleted in one transaction: some milliseconds."""


class SqlOutboxStore:
    """Implements ``ports.conversation_store.OutboxStore``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        self._queue = Queue(t.outbox, t.outbox.c.state == sa.literal_column("'queued'"), sql=sql, clock=clock)

    async def lease(
        self, channel_ids: Sequence[str], owner: str, *, recipients: int, lease_s: float
    ) -> list[list[OutboxRow]]:
        """See ``OutboxStore.lease``."""
        free = await self._queue.takeable(lease_s)
        now = self._clock.now()
        due = await self._sql.read(lambda c: _due(c, channel_ids, free, recipients, rfc3339(now)))
        if not due:
            return []
        until = later(now, lease_s)
        taken = await self._sql.write(lambda c: _lease(c, due, owner, free, rfc3339(now), until))
        return await self._sql.read(lambda c: _rows(c, taken)) if taken else []

    async def again(self, message_ids: Sequence[str], *, retry_in_s: float, error: str | None) -> None:
        """See ``OutboxStore.again``."""
        now = self._clock.now()
        table = t.outbox
        first, rest = message_ids[0], message_ids[1:]

        def work(connection: sa.Connection) -> None:
            retry = sa.update(table).where(table.c.message_id == first)
            values: dict[str, Any] = {"leased_by": None, "next_at": later(now, retry_in_s)}
            if error is not None:
                values |= {"attempts": table.c.attempts + 1, "error": _clean(error)}
            connection.execute(retry.values(**values))
            if rest:
                free = sa.update(table).where(among(table.c.message_id, rest))
                connection.execute(free.values(leased_by=None, next_at=rfc3339(now)))

        await self._sql.write(work)

    async def pending(self) -> dict[str, int]:
        """See ``OutboxStore.pending``."""
        table = t.outbox.c
        query = sa.select(table.channel_id, sa.func.count()).where(sa.text("state = 'queued'"))
        rows = await self._sql.read(lambda c: c.execute(query.group_by(table.channel_id)).all())
        return {row[0]: row[1] for row in rows}

    async def forget(self, before: datetime) -> int:
        """See ``OutboxStore.forget``."""
        table = t.outbox
        old = (table.c.state != "queued", table.c.created_at < rfc3339(before))
        some = sa.select(table.c.message_id).where(*old).limit(FORGET_AT_ONCE)
        ids: Sequence[str] = ()

        def delete(connection: sa.Connection) -> int:
            return connection.execute(sa.delete(table).where(*old, among(table.c.message_id, ids))).rowcount

        forgotten = 0
        # What has to be found is looked for by reading, which keeps no writer waiting.
        while ids := await self._sql.read(lambda c: c.execute(some).scalars().all()):
            forgotten += await self._sql.write(delete)
        return forgotten


def _held(now: str) -> sa.ColumnElement[bool]:
    """Whether a message has to wait for its hour: what was written after it does not wait with it."""
    return sa.and_(t.outbox.c.not_before.is_not(None), t.outbox.c.not_before > now)


def _due(
    connection: sa.Connection, channel_ids: Sequence[str], free: Takeable, limit: int, now: str
) -> list[tuple[str, str]]:
    """(channel_id, recipient) whose first queued message is due."""
    table = t.outbox.c
    queued = sa.and_(sa.text("state = 'queued'"), among(table.channel_id, channel_ids), sa.not_(_held(now)))
    first = (
        sa.select(table.channel_id, table.recipient, sa.func.min(table.thread_seq).label("thread_seq"))
        .where(queued)
        .group_by(table.channel_id, table.recipient)
        .subquery("first")
    )
    query = (
        sa.select(table.channel_id, table.recipient)
        .join_from(
            t.outbox,
            first,
            sa.and_(
                table.channel_id == first.c.channel_id,
                table.recipient == first.c.recipient,
                table.thread_seq == first.c.thread_seq,
            ),
        )
        .where(table.state == "queued", free.where(t.outbox))
        .order_by(table.next_at)
        .limit(limit)
    )
    return [(row.channel_id, row.recipient) for row in connection.execute(query)]


def _lease(
    connection: sa.Connection, due: list[tuple[str, str]], owner: str, free: Takeable, now: str, until: str
) -> list[str]:
    """Take the queued rows of ``due``, unless another worker has taken the first of them since."""
    table = t.outbox
    query = (
        sa.select(table.c.message_id, table.c.channel_id, table.c.recipient, table.c.next_at, table.c.leased_by)
        .where(table.c.state == "queued", among(table.c.recipient, {recipient for _, recipient in due}))
        .where(sa.not_(_held(now)))
        .order_by(table.c.thread_seq)
        .with_for_update()
    )
    by_recipient: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query):
        by_recipient.setdefault((row.channel_id, row.recipient), []).append(row)
    taken: list[str] = []
    for key in due:
        rows = by_recipient.get(key, [])[:PER_RECIPIENT]
        # Rows behind the first carry a lease only while a worker is busy with this recipient.
        if rows and all(free.holds(row) for row in rows if row.leased_by or row is rows[0]):
            taken += [row.message_id for row in rows]
    if taken:
        update = sa.update(table).where(among(table.c.message_id, taken)).values(leased_by=owner, next_at=until)
        connection.execute(update)
    return taken


def _rows(connection: sa.Connection, message_ids: Sequence[str]) -> list[list[OutboxRow]]:
    table = t.outbox.c
    query = (
        sa.select(
            t.outbox,
            t.threads.c.doc.label("thread"),
            t.tickets.c.doc.label("ticket"),
        )
        .join_from(t.outbox, t.tickets, table.ticket_id == t.tickets.c.ticket_id)
        .outerjoin(
            t.threads,
            sa.and_(t.threads.c.sender == table.recipient, t.threads.c.channel_id == table.channel_id),
        )
        .where(among(table.message_id, message_ids))
        .order_by(table.channel_id, table.recipient, table.thread_seq)
    )
    rows = connection.execute(query).mappings().all()
    found: dict[tuple[str, str], list[OutboxRow]] = {}
    heard = {(row["channel_id"], row["recipient"]): (row["thread"] or {}).get("heard", ()) for row in rows}
    sent = sent_to(connection, heard)
    for row in rows:
        key = (row["channel_id"], row["recipient"])
        thread = row["thread"] or {}
        found.setdefault(key, []).append(
            OutboxRow(
                message_id=row["message_id"],
                channel_id=row["channel_id"],
                recipient=row["recipient"],
                ticket_id=row["ticket_id"],
                interaction_id=row["interaction_id"],
                text=row["text"],
                quick_replies=tuple((k, label) for k, label in row["doc"].get("quick_replies", ())),
                attempts=row["attempts"],
                created_at=from_rfc3339(row["created_at"]),
                context=thread.get("context") or {},
                heard=tuple(heard_of(entry) for entry in thread.get("heard", ())),
                sent=sent.get(key, ()),
                phone=reply_number(row["ticket"]),
                outdated=_is_outdated(connection, row),
                trace=row["doc"].get("trace"),
            )
        )
    return list(found.values())


def _is_outdated(connection: sa.Connection, row: Any) -> bool:
    """Whether a message is a reply that stands no more, as the ticket tells in which it is handled."""
    told = [one.get("message_id") for one in get_in(row["ticket"], ("handling", "replies")) or ()]
    if row["message_id"] not in told:
        return False
    return row["message_id"] != told[-1] or status_of_head(connection, row["ticket_id"]) not in REPLY_STANDS


def heard_of(entry: Mapping[str, Any]) -> tuple[datetime, tuple[int, float] | None]:
    """A message that opened a window, as a thread holds it."""
    window = entry.get("window")
    return from_rfc3339(entry["at"]), (int(window[0]), float(window[1])) if window else None


def sent_to(
    connection: sa.Connection, heard: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> dict[tuple[str, str], tuple[datetime, ...]]:
    """When each (channel_id, recipient) was written to since the oldest message that opened a window."""
    since = {key: min(entry["at"] for entry in entries) for key, entries in heard.items() if entries}
    if not since:
        return {}
    table = t.outbox.c
    query = sa.select(table.channel_id, table.recipient, table.sent_at).where(
        among(table.recipient, {recipient for _, recipient in since}), table.sent_at >= min(since.values())
    )
    found: dict[tuple[str, str], list[datetime]] = {}
    for row in connection.execute(query.order_by(table.sent_at)):
        key = (row.channel_id, row.recipient)
        if key in since and row.sent_at >= since[key]:
            found.setdefault(key, []).append(from_rfc3339(row.sent_at))
    return {key: tuple(times) for key, times in found.items()}


class SqlAttachmentStore:
    """Implements ``ports.conversation_store.AttachmentStore``."""

    def __init__(self, *, sql: WatchedSql, clock: Clock) -> None:
        """``clock`` says what is due."""
        self._sql = sql
        self._clock = clock
        todo = t.attachments.c.todo
        self._queues = {what: Queue(t.attachments, todo == what, sql=sql, clock=clock) for what in (FETCH, TRANSCRIBE)}

    async def lease(self, owner: str, *, limit: int, lease_s: float, channel_ids: Sequence[str]) -> list[AttachmentRow]:
        """See ``AttachmentStore.lease``."""
        due = [*await self._due(FETCH, lease_s), among(t.attachments.c.channel_id, channel_ids)]
        query = sa.select(t.attachments.c.attachment_id).where(*due).order_by(t.attachments.c.next_at).limit(limit)
        ids = await self._sql.read(lambda c: c.execute(query).scalars().all())
        return await self._take(owner, due, ids, lease_s) if ids else []

    async def waiting(self, limit: int, *, lease_s: float) -> list[WaitingVoice]:
        """See ``AttachmentStore.waiting``."""
        oldest = sa.func.min(t.attachments.c.attachment_id).label("oldest")
        query = (
            sa.select(oldest, t.tickets.c.requester_id)
            .join_from(t.attachments, t.tickets, t.attachments.c.ticket_id == t.tickets.c.ticket_id)
            .where(*await self._due(TRANSCRIBE, lease_s))
            .group_by(t.tickets.c.requester_id)
            .order_by(oldest)
            .limit(limit)
        )
        return await self._sql.read(lambda c: [WaitingVoice(*row) for row in c.execute(query)])

    async def lease_voice(self, owner: str, attachment_id: str, *, lease_s: float) -> AttachmentRow | None:
        """See ``AttachmentStore.lease_voice``."""
        counted = {"decodings": t.attachments.c.decodings + 1}
        due = await self._due(TRANSCRIBE, lease_s)
        taken = await self._take(owner, due, (attachment_id,), lease_s, **counted)
        return taken[0] if taken else None

    async def decoded(self, attachment_id: str) -> None:
        """See ``AttachmentStore.decoded``."""
        own = t.attachments.c.attachment_id == attachment_id
        update = sa.update(t.attachments).where(own).values(decodings=0)
        await self._sql.write(lambda c: c.execute(update).rowcount)

    async def _due(self, todo: str, lease_s: float) -> list[sa.ColumnElement[bool]]:
        return [t.attachments.c.todo == todo, (await self._queues[todo].takeable(lease_s)).where(t.attachments)]

    async def _take(
        self, owner: str, due: list[sa.ColumnElement[bool]], ids: Sequence[str], lease_s: float, **more: Any
    ) -> list[AttachmentRow]:
        """Lease those of ``ids`` that are still ``due`` and nobody else's."""
        table = t.attachments
        until = later(self._clock.now(), lease_s)
        take = sa.update(table).where(*due, among(table.c.attachment_id, ids))
        returning = take.values(leased_by=owner, next_at=until, **more).returning(table.c.attachment_id)
        taken = await self._sql.write(lambda c: c.execute(returning).scalars().all())
        return await self._sql.read(lambda c: _attachments(c, taken)) if taken else []

    async def again(self, attachment_id: str, *, retry_in_s: float, error: str) -> None:
        """See ``AttachmentStore.again``."""
        table = t.attachments
        next_at = later(self._clock.now(), retry_in_s)
        update = (
            sa.update(table)
            .where(table.c.attachment_id == attachment_id)
            .values(leased_by=None, next_at=next_at, attempts=table.c.attempts + 1, error=_clean(error))
        )
        await self._sql.write(lambda c: c.execute(update).rowcount)

    async def names(self, sha256: str, location: str) -> bool:
        """See ``AttachmentStore.names``."""
        table = t.attachments.c
        query = sa.select(table.attachment_id).where(table.sha256 == sha256, table.location == location).limit(1)
        return await self._sql.read(lambda c: c.execute(query).first()) is not None

    async def get(self, attachment_id: str) -> AttachmentRow:
        """See ``AttachmentStore.get``."""
        check_texts((attachment_id,))
        found = await self._sql.read(lambda c: _attachments(c, (attachment_id,)))
        if not found:
            raise NotFound(f"there is no attachment {attachment_id!r}")
        return found[0]


def _attachments(connection: sa.Connection, ids: Sequence[str]) -> list[AttachmentRow]:
    table = t.attachments.c
    other = t.attachments.alias("other")
    waiting = (
        sa.select(sa.func.count())
        .where(
            other.c.ticket_id == table.ticket_id,
            other.c.attachment_id != table.attachment_id,
            other.c.kind == "voice",
            other.c.todo.is_not(None),
        )
        .scalar_subquery()
    )
    query = (
        sa.select(t.attachments, t.messages.c.sender, t.messages.c.text, waiting.label("waiting"))
        .outerjoin(
            t.messages,
            sa.and_(t.messages.c.interaction_id == table.interaction_id, t.messages.c.message_id == table.message_id),
        )
        .where(among(table.attachment_id, ids))
        .order_by(table.attachment_id)
    )
    names = ("attachment_id", "ticket_id", "interaction_id", "message_id", "channel_id", "kind", "ref", "name")
    more = ("media_type", "bytes", "sha256", "location", "error", "todo", "attempts", "decodings", "sender")
    return [
        AttachmentRow(
            **{key: row[key] for key in (*names, *more)},
            created_at=from_rfc3339(row["created_at"]),
            message_text=row["text"],
            others_waiting=row["waiting"] > 0,
        )
        for row in connection.execute(query).mappings()
    ]


class SqlChannelStates:
    """Implements ``ports.conversation_store.ChannelStates``."""

    def __init__(self, *, sql: Sql) -> None:
        """Values in ``channel_state``."""
        self._sql = sql

    async def get(self, channel_id: str, key: str) -> str | None:
        """See ``ChannelStates.get``."""
        table = t.channel_state.c
        query = sa.select(table.value).where(table.channel_id == channel_id, table.key == key)
        value: str | None = await self._sql.read(lambda c: c.execute(query).scalar())
        return value

    async def put(self, channel_id: str, key: str, value: str) -> None:
        """See ``ChannelStates.put``."""
        check_texts((key, value))

        def work(connection: sa.Connection) -> None:
            insert = upsert(connection, t.channel_state).values(channel_id=channel_id, key=key, value=value)
            connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["channel_id", "key"], set_={"value": insert.excluded.value}
                )
            )

        await self._sql.write(work)

    async def put_new(self, channel_id: str, key: str, value: str) -> str:
        """See ``ChannelStates.put_new``."""
        check_texts((key, value))
        table = t.channel_state.c
        kept = sa.select(table.value).where(table.channel_id == channel_id, table.key == key)

        def work(connection: sa.Connection) -> str:
            insert = upsert(connection, t.channel_state).values(channel_id=channel_id, key=key, value=value)
            # Where another one's row is not committed yet, this waits for it.
            connection.execute(insert.on_conflict_do_nothing(index_elements=["channel_id", "key"]))
            return str(connection.execute(kept).scalar_one())

        return await self._sql.write(work)


def _clean(error: str) -> str:
    return error.replace("\x00", "").encode(errors="replace").decode()[:MAX_ERROR]
