"""The statements of a batch that only written conversations need."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.batch_state import State
from gateway.storage.bulk import Bulk
from gateway.storage.engine import upsert


def _given(column: sa.Column[Any]) -> Any:
    """A parameter that leaves the column as it is when it is null."""
    return sa.func.coalesce(sa.bindparam(f"given_{column.name.removesuffix('_id').removesuffix('_at')}"), column)


def _thread(connection: sa.Connection) -> Any:
    insert = upsert(connection, t.threads)
    names = ("last_seq", "heard_at", "ticket_id", "interaction_id", "doc")
    return insert.on_conflict_do_update(
        index_elements=["sender", "channel_id"], set_={name: insert.excluded[name] for name in names}
    )


def _of_message() -> Any:
    table = t.messages.c
    return sa.and_(
        table.interaction_id == sa.bindparam("of_interaction"), table.message_id == sa.bindparam("of_message")
    )


_THREAD = Bulk(_thread, json_columns=("doc",))
_OUTBOX = Bulk(
    lambda _: (
        sa.update(t.outbox)
        .where(t.outbox.c.message_id == sa.bindparam("of_message"))
        .values(
            state=sa.bindparam("state"),
            error=sa.bindparam("error"),
            external_id=_given(t.outbox.c.external_id),
            sent_at=_given(t.outbox.c.sent_at),
            leased_by=sa.null(),
        )
    )
)
_DELIVERY = Bulk(lambda _: sa.update(t.messages).where(_of_message()).values(delivery=sa.bindparam("delivery")))
_TEXT = Bulk(lambda _: sa.update(t.messages).where(_of_message()).values(text=sa.bindparam("text")))
_ATTACHMENT = Bulk(
    lambda _: (
        sa.update(t.attachments)
        .where(t.attachments.c.attachment_id == sa.bindparam("of_attachment"))
        .values(
            todo=sa.bindparam("todo"),
            error=sa.bindparam("error"),
            attempts=sa.literal_column("0"),
            next_at=t.attachments.c.created_at,  # what remains to be done is due at once
            leased_by=sa.null(),
            name=_given(t.attachments.c.name),
            media_type=_given(t.attachments.c.media_type),
            bytes=_given(t.attachments.c.bytes),
            sha256=_given(t.attachments.c.sha256),
            location=_given(t.attachments.c.location),
        )
    )
)


def write_conversations(connection: sa.Connection, state: State) -> None:
    """Write what the batch did to threads, outbox, messages and attachments."""
    rows = state.rows
    _THREAD.run(connection, [state.threads[key] for key in sorted(state.changed_threads)])
    _OUTBOX.run(connection, rows.get("outbox_updates", ()))
    _DELIVERY.run(connection, rows.get("delivery_updates", ()))
    _TEXT.run(connection, rows.get("text_updates", ()))
    _ATTACHMENT.run(connection, rows.get("attachment_updates", ()))
