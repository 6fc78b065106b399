"""Aggregates of the domain as rows of SQL, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.interaction import FlowRun, Interaction, Recording
from gateway.domain.journal import Journal, Recorded
from gateway.domain.messages import Heard, Thread
from gateway.domain.status import Status
from gateway.domain.ticket import Ticket
from gateway.domain.words import Disposition
from gateway.domain.world import Written

Row = dict[str, Any]
_FORM = msgspec.json.Decoder(Form)
_ENCODER = msgspec.json.Encoder()
_PLAIN = (
    "interaction_id",
    "ticket_id",
    "channel",
    "channel_id",
    "direction",
    "external_id",
    "from_raw",
    "to_raw",
    "asserted_identity",
    "diversion",
    "node",
    "owner",
    "agent_id",
    "recording_path",
    "dialogue",
)
SAID = ("pending", "phone", "callback_phone", "search", "search_masked", "merged_into", "doc")
"""Columns that follow from a ticket's form."""
_INSTANTS = ("lease_until", "queued_at", "answered_at", "ended_at")


def json_text(value: Any) -> str:
    """``value``, dataclasses and all, as JSON."""
    return _ENCODER.encode(value).decode()


def form_of(doc: str | Mapping[str, Any]) -> Form:
    """The form of a ticket's ``doc``, also one that an earlier version wrote: what is missing has its default."""
    try:
        return _FORM.decode(doc) if isinstance(doc, str) else msgspec.convert(doc, Form)
    except msgspec.ValidationError:
        given = json.loads(doc) if isinstance(doc, str) else doc
        return msgspec.convert(_without_nulls(given), Form, strict=False)


def _without_nulls(value: Any) -> Any:
    """Earlier versions wrote null where a list or an object is empty, or nothing is known of an item."""
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def ticket_of(row: Any, journal: Journal) -> Ticket:
    """The ticket of a row; its form is read when somebody looks."""
    doc = row["doc"]
    return Ticket(
        journal=journal,
        ticket_id=row["ticket_id"],
        ticket_no=row["ticket_no"],
        channel=row["channel"],
        channel_id=row["channel_id"],
        created_at=from_rfc3339(row["created_at"]),
        updated_at=from_rfc3339(row["updated_at"]),
        status=Status(row["status"]),
        line=row["line"],
        empty=bool(row["empty"]),
        version=row["version"],
        event_seq=row["event_seq"],
        requester_id=row["requester_id"],
        hidden=bool(row["hidden"]),
        erased_at=from_rfc3339(row["erased_at"]) if row["erased_at"] else None,
        form=lambda: form_of(doc),
    )


def ticket_row(ticket: Ticket, before: Mapping[str, Any] | None) -> Row:
    """The row of a ticket; ``before`` is the one that it was read from."""
    row: Row = {
        "ticket_id": ticket.ticket_id,
        "ticket_no": ticket.ticket_no,
        "status": str(ticket.status),
        "line": str(ticket.line),
        "channel": ticket.channel,
        "channel_id": ticket.channel_id,
        "empty": ticket.empty,
        "created_at": rfc3339(ticket.created_at),
        "updated_at": rfc3339(ticket.updated_at),
        "version": ticket.version,
        "event_seq": ticket.event_seq,
        "requester_id": ticket.requester_id,
        "hidden": ticket.hidden,
        "erased_at": rfc3339(ticket.erased_at) if ticket.erased_at is not None else None,
    }
    if before is not None:
        row |= {name: before[name] for name in SAID}
    if ticket.opened:
        form = ticket.form
        requester = form.requester
        row["pending"] = form.prefill.pending
        row["merged_into"] = form.related.merged_into
        row["phone"], row["callback_phone"] = requester.phone, requester.callback_phone
        row["search"] = row["search_masked"] = ""
        row["doc"] = json_text(form)
    return row


def interaction_of(row: Any, loads: Callable[[Any], Any]) -> Interaction:
    """The interaction of a row."""
    doc: Mapping[str, Any] = loads(row["doc"])
    disposition, recording, flow = row["disposition"], doc.get("recording"), doc.get("flow")
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values |= {name: from_rfc3339(row[name]) if row[name] else None for name in _INSTANTS}
    return Interaction(
        **values,
        started_at=from_rfc3339(row["started_at"]),
        disposition=Disposition(disposition) if disposition else None,
        dialogue_no=row["dialogue_no"] or 0,
        flow=FlowRun(**flow) if flow else None,
        dtmf=list(doc.get("dtmf") or ()),
        recording=msgspec.convert({"location": "", **recording}, Recording) if recording else None,
    )


def interaction_row(interaction: Interaction) -> Row:
    """The row of an interaction."""
    doc: Row = {}
    if interaction.flow is not None:
        doc["flow"] = interaction.flow
    if interaction.dtmf:
        doc["dtmf"] = interaction.dtmf
    if interaction.recording is not None:
        doc["recording"] = interaction.recording
    row: Row = {name: getattr(interaction, name) for name in _PLAIN}
    for name in _INSTANTS:
        at = getattr(interaction, name)
        row[name] = rfc3339(at) if at is not None else None
    row["started_at"] = rfc3339(interaction.started_at)
    row["disposition"] = interaction.disposition.value if interaction.disposition is not None else None
    row["dialogue_no"] = interaction.dialogue_no or None
    row["doc"] = json_text(doc)
    return row


def thread_of(row: Any, loads: Callable[[Any], Any]) -> Thread:
    """The thread of a row."""
    doc: Mapping[str, Any] = loads(row["doc"])
    return Thread(
        channel_id=row["channel_id"],
        sender=row["sender"],
        last_seq=row["last_seq"],
        heard_at=from_rfc3339(row["heard_at"]) if row["heard_at"] else None,
        ticket_id=row["ticket_id"],
        interaction_id=row["interaction_id"],
        heard=[Heard(**one) for one in doc.get("heard") or ()],
        context=doc.get("context"),
    )


def thread_row(thread: Thread) -> Row:
    """The row of a thread."""
    doc: Row = {}
    if thread.heard:
        doc["heard"] = thread.heard
    if thread.context is not None:
        doc["context"] = thread.context
    return {
        "channel_id": thread.channel_id,
        "sender": thread.sender,
        "last_seq": thread.last_seq,
        "heard_at": rfc3339(thread.heard_at) if thread.heard_at is not None else None,
        "ticket_id": thread.ticket_id,
        "interaction_id": thread.interaction_id,
        "doc": json_text(doc),
    }


def event_row(recorded: Recorded, event_id: str) -> Row:
    """The row of an event."""
    event = recorded.event
    return {
        "event_seq": recorded.event_seq,
        "event_id": event_id,
        "type": event.TYPE,
        "at": rfc3339(event.at),
        "ticket_id": recorded.ticket_id,
        "ticket_no": recorded.ticket_no,
        "interaction_id": recorded.interaction_id,
        "actor": event.actor,
        "data": json_text(event.data()),
        "trace": recorded.trace,
    }


def message_row(written: Written) -> Row:
    """The row of a message."""
    message = written.message
    channel_id, sender = written.thread or (None, None)
    queue = message.queue
    return {
        "interaction_id": written.interaction_id,
        "seq": written.seq,
        "message_id": message.message_id,
        "direction": message.direction,
        "sent_at": rfc3339(message.sent_at),
        "kind": message.kind,
        "text": written.text,
        "attachment_id": message.attachment_id,
        "external_id": message.external_id,
        "delivery": None if queue is None else "sent" if queue.taken else "queued",
        "channel_id": channel_id,
        "sender": sender,
        "thread_seq": written.thread_seq,
    }


def outbox_row(written: Written, now: str) -> Row | None:
    """The row of the outbox for a message; None for one that is not sent."""
    message, queue = written.message, written.message.queue
    if queue is None:
        return None
    return {
        "message_id": message.message_id,
        "channel_id": queue.channel_id,
        "recipient": queue.recipient,
        "thread_seq": written.thread_seq or written.seq,
        "ticket_id": written.ticket_id,
        "interaction_id": written.interaction_id,
        "text": written.text or "",
        "state": "sent" if queue.taken else "queued",
        "attempts": 0,
        "next_at": now,
        "leased_by": None,
        "created_at": now,
        "sent_at": now if queue.taken else None,
        "external_id": message.message_id if queue.taken else None,
        "error": None,
        "doc": json_text({"quick_replies": queue.quick_replies, "trace": written.trace}),
        "not_before": rfc3339(queue.not_before) if queue.not_before is not None else None,
    }
