"""The rows of one ticket, blanked. Runs within the transactions of ``gateway.storage.erasure``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gateway.domain import erasing
from gateway.domain.events import TicketErased
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.status import NOT_BEGUN, UNANSWERED
from gateway.ports.erasure import ErasureKind, ErasureSubject, OutsideRecord
from gateway.storage import feed_tables as f
from gateway.storage import search_tables as s
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.erasure_table import blank
from gateway.storage.load import EVENT_SEQ
from gateway.storage.search_texts import take_out

AT_ONCE = 500
"""Messages or segments blanked in one transaction: some milliseconds."""
TELEPHONE = "sip"
SHORTEST = 5
"""Shorter names would be found in any id."""


def busy(connection: sa.Connection, ticket_ids: Collection[str]) -> tuple[str, str] | None:
    """(``call``, ``callback`` or ``work``, ticket_no) of one of these that somebody waits on; None: none."""
    of, own = t.interactions.c, t.tickets.c
    opened = (
        sa.select(own.ticket_no)
        .join_from(t.interactions, t.tickets, of.ticket_id == own.ticket_id)
        .where(among(of.ticket_id, ticket_ids), of.disposition.is_(None))
        .limit(1)
    )
    if (found := connection.execute(opened).scalar()) is not None:
        return "call", found
    people = sa.select(own.requester_id).where(among(own.ticket_id, ticket_ids))
    owed = sa.select(t.callbacks.c.doc).where(
        t.callbacks.c.state == sa.literal_column("'open'"), t.callbacks.c.requester_id.in_(people)
    )
    about = {reason["ticket_id"] for doc in connection.execute(owed).scalars() for reason in doc["reasons"]}
    if both := about & set(ticket_ids):
        number = connection.execute(sa.select(own.ticket_no).where(own.ticket_id == min(both))).scalar_one()
        return "callback", number
    # What nobody has said anything in waits for nobody, unless a unit has it all the same.
    nobodys = sa.and_(own.empty, own.status.in_(NOT_BEGUN))
    working = sa.select(own.ticket_no).where(among(own.ticket_id, ticket_ids), own.status.in_(UNANSWERED), ~nobodys)
    found = connection.execute(working.where(own.erased_at.is_(None)).limit(1)).scalar()
    return ("work", found) if found is not None else None


def outside(connection: sa.Connection, ticket_id: str) -> OutsideRecord:
    """What of the ticket lies in files."""
    calls = connection.execute(sa.select(t.interactions).where(t.interactions.c.ticket_id == ticket_id)).all()
    table, other = t.attachments, t.attachments.alias("other")
    shared = sa.exists().where(
        other.c.sha256 == table.c.sha256, other.c.location == table.c.location, other.c.ticket_id != ticket_id
    )
    files = sa.select(table.c.location).where(table.c.ticket_id == ticket_id, table.c.location.is_not(None), ~shared)
    spoken = [call for call in calls if call.channel == TELEPHONE]
    return OutsideRecord(
        ticket_id=ticket_id,
        recordings=tuple(call.recording_path for call in calls if call.recording_path),
        files=tuple(dict.fromkeys(connection.execute(files).scalars())),
        # The key of a call is its Call-ID and a tag.
        call_ids=tuple(call.external_id.rpartition(";")[0] or call.external_id for call in spoken if call.external_id),
        days=days_of(spoken),
    )


def days_of(calls: Iterable[Any]) -> frozenset[Any]:
    """The days (UTC) on which calls were signalled: one that ends about midnight is told of on the next one."""
    found = set()
    for call in calls:
        first, last = from_rfc3339(call.started_at).date(), from_rfc3339(call.ended_at or call.started_at).date()
        found |= {first + timedelta(days=n) for n in range((last - first).days + 2)}
    return frozenset(found)


def blank_messages(connection: sa.Connection, ticket_id: str) -> bool:
    """Some of its messages, with their outbox, keys and threads; whether there were any."""
    table = t.messages.c
    own = sa.select(t.interactions.c.interaction_id).where(t.interactions.c.ticket_id == ticket_id)
    told = sa.or_(*(table[name].is_not(None) for name in blank(t.messages)))
    columns = (table.interaction_id, table.message_id, table.external_id, table.channel_id, table.sender)
    found = connection.execute(sa.select(*columns).where(table.interaction_id.in_(own), told).limit(AT_ONCE)).all()
    if not found:
        return False
    ids = [row.message_id for row in found]
    connection.execute(sa.delete(t.outbox).where(among(t.outbox.c.message_id, ids)))
    these = (among(table.interaction_id, {row.interaction_id for row in found}), among(table.message_id, ids))
    connection.execute(sa.update(t.messages).where(*these).values(blank(t.messages)))
    threads = {(row.channel_id, row.sender) for row in found if row.sender}
    names = _names(connection, ticket_id) | {sender for _, sender in threads if len(sender) >= SHORTEST}
    _blank_keys(connection, ticket_id, {row.external_id for row in found}, names)
    for channel_id, sender in sorted(threads):
        _leave_thread(connection, channel_id, sender, ticket_id)
    return True


def blank_segments(connection: sa.Connection, ticket_id: str) -> bool:
    """Some of what was said in its calls; whether there was any."""
    table = t.segments.c
    own = sa.select(t.interactions.c.interaction_id).where(t.interactions.c.ticket_id == ticket_id)
    told = sa.or_(table.text != "", table.corrected_text.is_not(None))
    query = sa.select(table.interaction_id, table.seq).where(table.interaction_id.in_(own), told)
    found = connection.execute(query.order_by(table.interaction_id, table.seq).limit(AT_ONCE)).all()
    for interaction_id in {row.interaction_id for row in found}:
        seqs = [row.seq for row in found if row.interaction_id == interaction_id]
        these = (table.interaction_id == interaction_id, among(table.seq, seqs))
        connection.execute(sa.update(t.segments).where(*these).values(blank(t.segments)))
    return bool(found)


def _names(connection: sa.Connection, ticket_id: str) -> set[str]:
    """By what the requester is known that others may have put into an id: numbers without their country, accounts."""
    table, known = t.tickets.c, t.identities.c
    own = table.ticket_id == ticket_id
    numbers = connection.execute(sa.select(table.phone, table.callback_phone).where(own)).one()
    whose = sa.select(table.requester_id).where(own).scalar_subquery()
    identities = connection.execute(sa.select(known.value).where(known.requester_id == whose)).scalars()
    return {name.removeprefix("+86") for name in (*numbers, *identities) if name and len(name) >= SHORTEST}


def _blank_keys(
    connection: sa.Connection, ticket_id: str, external_ids: Collection[str | None], names: Collection[str]
) -> None:
    """The keys of deliveries stay, so that none is taken in again; but for those that name the person themselves."""
    table = t.seen_keys.c
    own = (table.ticket_id == ticket_id, among(table.external_id, {one for one in external_ids if one}))
    connection.execute(sa.update(t.seen_keys).where(*own).values(blank(t.seen_keys)))
    for external_id in connection.execute(sa.select(table.external_id).where(*own)).scalars().all():
        if any(name in external_id for name in names):
            named = (table.ticket_id == ticket_id, table.external_id == external_id)
            connection.execute(sa.update(t.seen_keys).where(*named).values(external_id=f"erased:{new_ulid()}"))


def _leave_thread(connection: sa.Connection, channel_id: str, sender: str, ticket_id: str) -> None:
    """A thread of which no message is left goes; another one stands where its newest message is that is left."""
    table, of = t.messages.c, t.interactions.c
    newest = (
        sa.select(of.ticket_id, of.interaction_id)
        .join_from(t.messages, t.interactions, table.interaction_id == of.interaction_id)
        .where(table.sender == sender, table.channel_id == channel_id, table.thread_seq.is_not(None))
        .order_by(table.thread_seq.desc())
        .limit(1)
    )
    left = connection.execute(newest).mappings().first()
    own = (t.threads.c.sender == sender, t.threads.c.channel_id == channel_id)
    if left is None:
        connection.execute(sa.delete(t.threads).where(*own))
    else:
        connection.execute(sa.update(t.threads).where(*own, t.threads.c.ticket_id == ticket_id).values(**left))


def close(connection: sa.Connection, ticket_id: str, *, seq: int, actor: str, now: str) -> None:
    """Everything that is not of unbounded length, and the event that tells of it, with the number ``seq``."""
    ticket = connection.execute(sa.select(t.tickets).where(t.tickets.c.ticket_id == ticket_id)).one()
    calls = connection.execute(sa.select(t.interactions).where(t.interactions.c.ticket_id == ticket_id)).all()
    _blank_keys(connection, ticket_id, {call.external_id for call in calls}, _names(connection, ticket_id))
    _document(connection, t.interactions, calls, "interaction_id", erasing.INTERACTION)
    connection.execute(
        sa.update(t.attachments).where(t.attachments.c.ticket_id == ticket_id).values(blank(t.attachments))
    )
    connection.execute(sa.update(t.case_notes).where(t.case_notes.c.ticket_id == ticket_id).values(blank(t.case_notes)))
    tasks = connection.execute(sa.select(t.callbacks).where(t.callbacks.c.ticket_id == ticket_id)).all()
    _document(connection, t.callbacks, tasks, "callback_id", erasing.CALLBACK)
    seqs = _blank_events(connection, ticket_id)
    feeds = sa.select(f.feeds.c.feed)
    these = (f.deliveries.c.feed.in_(feeds), among(f.deliveries.c.event_seq, seqs))
    connection.execute(sa.update(f.deliveries).where(*these).values(blank(f.deliveries)))
    connection.execute(
        sa.update(t.tickets)
        .where(t.tickets.c.ticket_id == ticket_id)
        .values(
            blank(t.tickets)
            | {"doc": erasing.erased(ticket.doc, erasing.TICKET), "pending": False, "erased_at": now}
            | {"version": ticket.version + 1, "event_seq": seq, "updated_at": now}
        )
    )
    facets = sa.update(s.ticket_facets).where(s.ticket_facets.c.no == int(ticket.ticket_no))
    connection.execute(facets.values(blank(s.ticket_facets)))
    take_out(connection, [int(ticket.ticket_no)])
    told = TicketErased(at=from_rfc3339(now), actor=actor)
    if ticket.pending:
        told.changed["prefill.pending"] = [True, False]
    event = {name: getattr(ticket, name) for name in ("ticket_id", "ticket_no")}
    event |= {"event_seq": seq, "event_id": new_ulid(), "type": told.TYPE, "at": now, "actor": actor}
    event["data"] = told.data()
    connection.execute(sa.insert(t.events).values(event))
    connection.execute(sa.update(t.counters).where(t.counters.c.name == EVENT_SEQ).values(value=seq))


def _document(connection: sa.Connection, table: sa.Table, found: Sequence[Any], key: str, fates: Any) -> None:
    for row in found:
        values = blank(table) | {"doc": erasing.erased(row.doc, fates)}
        connection.execute(sa.update(table).where(table.c[key] == getattr(row, key)).values(values))


def _blank_events(connection: sa.Connection, ticket_id: str) -> list[int]:
    """The numbers of its events. Providers' words stood in those of earlier versions; nothing else ever did."""
    table = t.events.c
    seqs = []
    for row in connection.execute(sa.select(table.event_seq, table.data).where(table.ticket_id == ticket_id)).all():
        seqs.append(row.event_seq)
        if row.data.get("error"):
            own = sa.update(t.events).where(table.event_seq == row.event_seq)
            connection.execute(own.values(data={**row.data, "error": None}))
    return seqs


def audit(connection: sa.Connection, subject: ErasureSubject, actor: str, now: str) -> None:
    """Who erased which ids, and when: never what stood there."""
    ticket_id = subject.id if subject.kind is ErasureKind.TICKET else None
    row = {"audit_id": new_ulid(), "actor": actor, "action": "erase", "ticket_id": ticket_id, "at": now}
    connection.execute(sa.insert(t.audit).values(row | {"detail": {subject.kind.value: subject.id}}))
