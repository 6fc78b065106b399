"""What a batch's commands altered, written in bulk; the rules of it are the domain's."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.domain.attachments import AttachmentUpdate, NewAttachment
from gateway.domain.ids import new_ulid, rfc3339
from gateway.domain.messages import DeliveryUpdate
from gateway.domain.transcript import NewSegment
from gateway.domain.world import World
from gateway.storage import tables as t
from gateway.storage.bulk import Bulk
from gateway.storage.case_rows import write_cases
from gateway.storage.codec import (
    SAID,
    Row,
    event_row,
    interaction_row,
    message_row,
    outbox_row,
    thread_row,
    ticket_row,
)
from gateway.storage.engine import upsert
from gateway.storage.facets import facet_row, go_on, write_facets
from gateway.storage.load import EVENT_SEQ, Loaded
from gateway.storage.tasks import write_tasks


def _named(*names: str) -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in names}


def _given(column: sa.Column[Any]) -> Any:
    """A parameter that leaves the column as it is when it is null."""
    return sa.func.coalesce(sa.bindparam(f"given_{column.name.removesuffix('_id').removesuffix('_at')}"), column)


def _update(table: sa.Table, key: str, *fixed: str) -> Bulk:
    """Every column of the row whose ``key`` is ``of_row``, but for those that never change."""
    columns = tuple(c.name for c in table.c if c.name not in {key, *fixed})
    return Bulk(lambda _: sa.update(table).where(table.c[key] == sa.bindparam("of_row")).values(_named(*columns)))


def _upsert(table: sa.Table, keys: list[str], *columns: str) -> Bulk:
    def make(connection: sa.Connection) -> Any:
        insert = upsert(connection, table)
        return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in columns})

    return Bulk(make)


def _of_message() -> Any:
    table = t.messages.c
    return sa.and_(table.interaction_id == sa.bindparam("of_interaction"), table.message_id == sa.bindparam("of_row"))


_NEW_TICKET, _NEW_INTERACTION, _NEW_SEEN = Bulk.insert(t.tickets), Bulk.insert(t.interactions), Bulk.insert(t.seen_keys)
_NEW_MESSAGE, _NEW_OUTBOX, _NEW_EVENT = Bulk.insert(t.messages), Bulk.insert(t.outbox), Bulk.insert(t.events)
_NEW_ATTACHMENT = Bulk.insert(t.attachments)
_FIXED = ("ticket_no", "channel", "channel_id", "created_at", "erased_at")
_TICKET = _update(t.tickets, "ticket_id", *_FIXED)
_GONE_ON = _update(t.tickets, "ticket_id", *_FIXED, *SAID)
_INTERACTION = _update(t.interactions, "interaction_id", "ticket_id")
_IDENTITY = _upsert(t.identities, ["value", "kind"], "requester_id")
_SEGMENT = Bulk(lambda c: upsert(c, t.segments).on_conflict_do_nothing())
_THREAD = _upsert(t.threads, ["sender", "channel_id"], "last_seq", "heard_at", "ticket_id", "interaction_id", "doc")
_SERIAL = _upsert(t.serials, ["day"], "last")
_COUNT = Bulk(lambda _: sa.update(t.counters).where(t.counters.c.name == EVENT_SEQ).values(_named("value")))
_CORRECT = Bulk(
    lambda _: (
        sa.update(t.segments)
        .where(t.segments.c.interaction_id == sa.bindparam("of_row"), t.segments.c.seq == sa.bindparam("of_seq"))
        .values(_named("corrected_text"))
    )
)
_OUTBOX = Bulk(
    lambda _: (
        sa.update(t.outbox)
        .where(t.outbox.c.message_id == sa.bindparam("of_row"))
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
        .where(t.attachments.c.attachment_id == sa.bindparam("of_row"))
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


def save(connection: sa.Connection, loaded: Loaded, now: str) -> list[Row]:
    """Write everything that the commands of the batch did, at ``now``; the rows of its events."""
    world = loaded.world
    tickets = [one for one in world.tickets.values() if one.dirty]
    rows = [ticket_row(one, loaded.tickets.get(one.ticket_id)) for one in tickets]
    _NEW_TICKET.run(connection, [row for one, row in zip(tickets, rows, strict=True) if one.new])
    known = [(one, row | {"of_row": one.ticket_id}) for one, row in zip(tickets, rows, strict=True) if not one.new]
    _TICKET.run(connection, [row for one, row in known if one.opened])
    _GONE_ON.run(connection, [row for one, row in known if not one.opened])
    write_facets(connection, [facet_row(row, one.form) for one, row in zip(tickets, rows, strict=True) if one.opened])
    go_on(connection, [(loaded.tickets[one.ticket_id], row) for one, row in known if not one.opened])
    begun = [interaction_row(one) for one in world.interactions.values() if one.new]
    _NEW_INTERACTION.run(connection, begun)
    gone_on = [interaction_row(one) for one in world.interactions.values() if one.dirty and not one.new]
    _INTERACTION.run(connection, [row | {"of_row": row["interaction_id"]} for row in gone_on])
    write_cases(connection, world)
    _save_words(connection, world)
    _save_messages(connection, world, now)
    _IDENTITY.run(
        connection, [{"kind": one.kind, "value": one.value, "requester_id": known} for one, known in world.new_people]
    )
    _NEW_SEEN.run(connection, [{name: getattr(one, name) for name in one.__slots__} for one in world.new_seen])
    write_tasks(connection, loaded.tasks, world.tasks)
    events = [event_row(recorded, new_ulid()) for recorded in world.journal.entries]
    _NEW_EVENT.run(connection, events)
    _SERIAL.run(connection, [{"day": day, "last": world.serials[day]} for day in sorted(world.drawn)])
    _COUNT.run(connection, [{"value": world.journal.last, "name_1": EVENT_SEQ}])
    return events


def _save_words(connection: sa.Connection, world: World) -> None:
    _SEGMENT.run(connection, [_segment_row(one, segment) for one, segment in world.new_words])
    _CORRECT.run(
        connection,
        [{"of_row": one, "of_seq": seq, "corrected_text": text} for one, seq, text in world.corrected_words],
    )


def _save_messages(connection: sa.Connection, world: World, now: str) -> None:
    _NEW_MESSAGE.run(connection, [message_row(one) for one in world.new_messages])
    _NEW_OUTBOX.run(connection, [row for one in world.new_messages if (row := outbox_row(one, now)) is not None])
    _NEW_ATTACHMENT.run(connection, [_attachment_row(*one, now) for one in world.new_attachments])
    _THREAD.run(connection, [thread_row(world.threads[key]) for key in sorted(world.altered_threads)])
    _OUTBOX.run(connection, [_told(update) for _, update in world.told_deliveries])
    _DELIVERY.run(
        connection,
        [
            {"of_interaction": one, "of_row": update.message_id, "delivery": update.state}
            for one, update in world.told_deliveries
        ],
    )
    _TEXT.run(
        connection,
        [{"of_interaction": one, "of_row": message_id, "text": text} for one, message_id, text in world.new_texts],
    )
    _ATTACHMENT.run(connection, [_attachment_update(update) for update in world.told_attachments])


def _segment_row(interaction_id: str, segment: NewSegment) -> Row:
    return {"interaction_id": interaction_id} | {name: getattr(segment, name) for name in segment.__slots__}


def _told(update: DeliveryUpdate) -> Row:
    sent_at = rfc3339(update.at) if update.state == "sent" else None
    row = {"of_row": update.message_id, "state": update.state, "error": update.error}
    return row | {"given_external": update.external_id, "given_sent": sent_at}


def _attachment_row(new: NewAttachment, ticket_id: str, interaction_id: str, now: str) -> Row:
    names = ("attachment_id", "message_id", "channel_id", "kind", "ref", "name", "media_type", "bytes", "sha256")
    return {name: getattr(new, name) for name in names} | {
        "ticket_id": ticket_id,
        "interaction_id": interaction_id,
        "location": new.location,
        "error": new.error,
        "todo": new.todo,
        "attempts": 0,
        "decodings": 0,
        "next_at": now,
        "leased_by": None,
        "created_at": now,
    }


def _attachment_update(update: AttachmentUpdate) -> Row:
    told = {f"given_{key}": getattr(update, key) for key in ("name", "media_type", "bytes", "sha256", "location")}
    return told | {"of_row": update.attachment_id, "todo": update.todo, "error": update.error}
