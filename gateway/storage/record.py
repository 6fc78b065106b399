"""Rows of SQL as the record of docs/record.md: nothing omitted, null where unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.fields import GROUPS, TABLE
from gateway.domain.words import ContactBy
from gateway.ports.store import Record
from gateway.storage.merged import Family
from gateway.storage.shape import SCHEMA_VERSION, SECTIONS, Tree, filled

Row = Mapping[str, Any]
_RECORDING: Tree = {row.name: TABLE.default(row.path) for row in TABLE.within("interactions.recording")}
_CALLBACK = TABLE.names("handling.callback")
_PLAIN = tuple(row.name for row in TABLE.within("interactions") if row.kind not in GROUPS and not row.many)
_SEGMENT, _MESSAGE = TABLE.names("interactions.transcript"), TABLE.names("interactions.messages")
_ENTRY: Tree = dict.fromkeys(TABLE.names("prefill.fields"))
_JUDGEMENT: Tree = dict.fromkeys(TABLE.names("outcome.evaluations"))
_ATTACHMENT: Tree = dict.fromkeys(TABLE.names("attachments"))


def recording_url(ticket_id: str, interaction_id: str) -> str:
    """Where the API serves an interaction's audio."""
    return f"/api/v1/tickets/{ticket_id}/recordings/{interaction_id}"


def how_to_call_back(contact_by: str | None) -> Tree:
    """``how`` of a callback: it follows the requester's wish, whenever that was told or corrected."""
    return {"how": contact_by or ContactBy.PHONE.value}


def ticket_record(ticket: Row, interactions: list[Record], family: Family | None = None) -> Record:
    """The whole record of a ``tickets`` row, with what was merged into it."""
    doc = ticket["doc"]
    sections = {name: filled(default, doc.get(name)) for name, default in SECTIONS.items()}
    sections["prefill"]["fields"] = {
        path: filled(_ENTRY, entry) for path, entry in sections["prefill"]["fields"].items()
    }
    family = family or Family()
    sections["related"] |= {"merged_ids": family.ids, "merged_count": family.count}
    if callback := sections["handling"]["callback"]:
        how = how_to_call_back(sections["requester"]["contact_by"])
        sections["handling"]["callback"] = {key: callback.get(key) for key in _CALLBACK} | how
    rated = sections["outcome"]
    if not rated["evaluations"] and rated["evaluation"]["satisfied"] is not None:
        rated["evaluations"] = [rated["evaluation"]]  # from before each rating was kept
    rated["evaluations"] = [_JUDGEMENT | one for one in rated["evaluations"]]
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
        "source": sections.pop("source"),
        "interactions": interactions,
        **sections,
        "attachments": [_ATTACHMENT | attachment for attachment in doc.get("attachments") or ()],
    }


def interaction_record(row: Row) -> Record:
    """An ``interactions`` row without its transcript and messages."""
    doc = row["doc"]
    record = {key: row[key] for key in _PLAIN}
    record["flow"] = filled({"name": None, "version": None}, doc.get("flow"))
    record["dtmf"] = list(doc.get("dtmf") or ())
    recording = doc.get("recording")
    record["recording"] = (
        {key: recording.get(key, default) for key, default in _RECORDING.items()}
        | {"url": recording_url(row["ticket_id"], row["interaction_id"])}
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
