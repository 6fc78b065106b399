"""Rows of SQL as the record of DESIGN section 3: nothing omitted, null where unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.words import ContactBy
from gateway.ports.store import Record
from gateway.storage.shape import SCHEMA_VERSION, SECTIONS, Tree, filled

Row = Mapping[str, Any]
_RECORDING: Tree = {"duration_s": None, "sha256": None, "tracks": []}
_CALLBACK = ("state", "due_at", "attempts")
_PLAIN = (
    "interaction_id",
    "channel",
    "channel_id",
    "direction",
    "external_id",
    "from_raw",
    "to_raw",
    "asserted_identity",
    "diversion",
    "node",
    "started_at",
    "queued_at",
    "answered_at",
    "ended_at",
    "disposition",
    "agent_id",
)
_SEGMENT = ("seq", "speaker", "start_ms", "end_ms", "text", "corrected_text", "language", "confidence", "engine")
_MESSAGE = ("seq", "direction", "sent_at", "kind", "text", "attachment_id", "external_id", "delivery")
_ENTRY: Tree = {"value": None, "source": None, "span": None, "confidence": None, "confirmed_by": None}


def recording_url(ticket_id: str, interaction_id: str) -> str:
    """Where the API serves an interaction's audio."""
    return f"/api/v1/tickets/{ticket_id}/recordings/{interaction_id}"


def how_to_call_back(contact_by: str | None) -> Tree:
    """``how`` of a callback: it follows the requester's wish, whenever that was told or corrected."""
    return {"how": contact_by or ContactBy.PHONE.value}


def ticket_record(ticket: Row, interactions: list[Record]) -> Record:
    """The whole record of a ``tickets`` row."""
    doc = ticket["doc"]
    sections = {name: filled(default, doc.get(name)) for name, default in SECTIONS.items()}
    sections["prefill"]["fields"] = {
        path: filled(_ENTRY, entry) for path, entry in sections["prefill"]["fields"].items()
    }
    if callback := sections["handling"]["callback"]:
        how = how_to_call_back(sections["requester"]["contact_by"])
        sections["handling"]["callback"] = {key: callback.get(key) for key in _CALLBACK} | how
    return {
        "ticket_id": ticket["ticket_id"],
        "ticket_no": ticket["ticket_no"],
        "schema_version": SCHEMA_VERSION,
        "status": ticket["status"],
        "created_at": ticket["created_at"],
        "updated_at": ticket["updated_at"],
        "version": ticket["version"],
        "event_seq": ticket["event_seq"],
        "empty": ticket["empty"],
        "erased_at": ticket["erased_at"],
        "line": ticket["line"],
        "channel": ticket["channel"],
        "channel_id": ticket["channel_id"],
        "entry_number": doc.get("entry_number"),
        "source": filled({"name": None, "event_id": None}, doc.get("source")),
        "interactions": interactions,
        **sections,
        "attachments": [{"error": None} | attachment for attachment in doc.get("attachments") or ()],
    }


def interaction_record(row: Row) -> Record:
    """An ``interactions`` row without its transcript and messages."""
    doc = row["doc"]
    record = {key: row[key] for key in _PLAIN}
    record["flow"] = filled({"name": None, "version": None}, doc.get("flow"))
    record["dtmf"] = list(doc.get("dtmf") or ())
    recording = doc.get("recording")
    record["recording"] = (
        {"url": recording_url(row["ticket_id"], row["interaction_id"])}
        | {key: recording.get(key, default) for key, default in _RECORDING.items()}
        if recording
        else None
    )
    return record


def segment_record(row: Row) -> Record:
    """A ``segments`` row."""
    return {key: row[key] for key in _SEGMENT}


def message_record(row: Row) -> Record:
    """A ``messages`` row."""
    return {key: row[key] for key in _MESSAGE}
