"""What erasing a person does to each column of SQL: closed, as the record's fields are (``gateway.domain.erasing``)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import sqlalchemy as sa

from gateway.storage import search_tables as s
from gateway.storage import tables as t


class Does(Enum):
    """What is done to a column of a person's rows."""

    KEPT = "kept"
    """It says nothing of a person: codes, instants, figures, ids of our own."""
    BLANKED = "blanked"
    """Null where the column may be null, else empty."""
    INSIDE = "inside"
    """A document: its own table says what goes."""
    REPLACED = "replaced"
    """By something that means nothing, where it holds something of theirs: it is part of a key, or may not be null."""
    WITH_ROW = "with the row"
    """The whole row is deleted."""
    STAFF = "staff"
    """Of people and programs that work here."""


def _all(does: Does, *names: str) -> dict[str, Does]:
    return dict.fromkeys(names, does)


_KEPT, _BLANKED, _WITH_ROW, _STAFF = Does.KEPT, Does.BLANKED, Does.WITH_ROW, Does.STAFF
COLUMNS: Mapping[str, Mapping[str, Does]] = {
    "counters": _all(_KEPT, "name", "value"),
    "serials": _all(_KEPT, "day", "last"),
    "seen_keys": {
        **_all(_KEPT, "channel_id", "ticket_id", "ticket_no", "interaction_id", "version", "event_seq"),
        "external_id": Does.REPLACED,
        "body_sha256": _BLANKED,
    },
    "tickets": {
        **_all(_KEPT, "ticket_id", "ticket_no", "status", "line", "channel", "channel_id", "empty", "pending"),
        **_all(_KEPT, "created_at", "updated_at", "version", "event_seq", "requester_id", "hidden", "erased_at"),
        "merged_into": _KEPT,
        **_all(_BLANKED, "phone", "callback_phone", "search", "search_masked"),
        "doc": Does.INSIDE,
    },
    "ticket_facets": {**_all(_KEPT, *(column.name for column in s.ticket_facets.c)), "name": _BLANKED},
    "ticket_texts": _all(_WITH_ROW, "no", "text", "pairs"),
    "interactions": {
        **_all(_KEPT, "interaction_id", "ticket_id", "channel", "channel_id", "direction", "node", "started_at"),
        **_all(_KEPT, "queued_at", "answered_at", "ended_at", "disposition", "agent_id", "lease_until"),
        **_all(_KEPT, "dialogue_no", "owner"),
        **_all(_BLANKED, "external_id", "from_raw", "to_raw", "asserted_identity", "diversion"),
        **_all(_BLANKED, "recording_path", "dialogue"),
        "doc": Does.INSIDE,
    },
    "segments": {
        **_all(_KEPT, "interaction_id", "seq", "speaker", "start_ms", "end_ms", "language", "confidence", "engine"),
        **_all(_BLANKED, "text", "corrected_text"),
    },
    "messages": {
        **_all(_KEPT, "interaction_id", "seq", "message_id", "direction", "sent_at", "kind", "attachment_id"),
        **_all(_KEPT, "delivery", "channel_id"),
        **_all(_BLANKED, "text", "external_id", "sender", "thread_seq"),
    },
    "threads": _all(_WITH_ROW, "sender", "channel_id", "last_seq", "heard_at", "ticket_id", "interaction_id", "doc"),
    "outbox": _all(_WITH_ROW, *(column.name for column in t.outbox.c)),
    "attachments": {
        **_all(_KEPT, "attachment_id", "ticket_id", "interaction_id", "message_id", "channel_id", "kind"),
        **_all(_KEPT, "media_type", "bytes", "attempts", "next_at", "leased_by", "created_at", "decodings"),
        **_all(_BLANKED, "ref", "name", "sha256", "error", "todo", "location"),
    },
    "channel_state": {**_all(_KEPT, "channel_id", "key"), "value": Does.REPLACED},
    "channel_leases": _all(_KEPT, "channel_id", "owner", "lease_until"),
    "events": {
        **_all(_KEPT, "event_seq", "event_id", "type", "at", "ticket_id", "ticket_no", "interaction_id", "actor"),
        "data": Does.INSIDE,
        "trace": _KEPT,
    },
    "baselines": _all(_KEPT, "ticket_id", "event_seq", "state"),
    "identities": _all(_WITH_ROW, "value", "kind", "requester_id"),
    "callbacks": {
        **_all(_KEPT, "callback_id", "ticket_id", "requester_id", "line", "state", "due_at", "attempts"),
        **_all(_KEPT, "created_at", "version"),
        "phone": _BLANKED,
        "doc": Does.INSIDE,
    },
    "tasks": _all(_KEPT, "task_id", "ticket_id", "unit", "role", "status", "due_at", "open"),
    "case_notes": {
        **_all(_KEPT, "note_id", "ticket_id", "task_id", "kind", "author", "at", "unit"),
        "text": _BLANKED,
    },
    "clocks": {
        **_all(_KEPT, "clock_id", "ticket_id", "task_id", "kind", "unit", "due_at", "next_at"),
        **_all(_KEPT, "leased_by", "leased_at", "overdue_since", "unsure_due_at"),
    },
    "notices": {
        **_all(_KEPT, "event_seq", "unit", "way", "ticket_id", "ticket_no", "type", "clock_kind", "task_id", "urgent"),
        **_all(_KEPT, "at", "due_at", "next_at", "leased_by", "leased_at", "attempts", "sent_at", "dead_at"),
        **_all(_STAFF, "address", "error"),
    },
    "feeds": {
        **_all(_KEPT, "feed", "cursor", "paused_until", "held_at", "held_cause", "held_status", "probes", "probe_at"),
        "held_why": Does.REPLACED,
    },
    "deliveries": {
        **_all(_KEPT, "feed", "event_seq", "ticket_id", "attempts", "next_at", "leased_by", "dead_at", "head"),
        "last_error": _BLANKED,
    },
    "refused_calls": {
        **_all(_KEPT, "channel_id", "day", "reason", "proved", "first_at", "last_at", "attempts"),
        "number": Does.REPLACED,
        **_all(_BLANKED, "phone", "to_raw"),
    },
    "phones": _all(_STAFF, "username", "ha1", "agent"),
    "bindings": _all(_STAFF, "username", "contact", "expires_at", "call_id", "cseq"),
    "audit": _all(_STAFF, "audit_id", "actor", "action", "ticket_id", "at", "detail"),
    "catalogues": _all(_STAFF, "kind", "version", "author", "at", "note", "body", "sha256"),
    "erasures": _all(_KEPT, "subject", "kind", "actor", "begun_at", "done_at"),
    "users": _all(_STAFF, "username", "name", "role", "unit", "password_hash", "one_time", "disabled"),
    "login_attempts": _all(_STAFF, "bucket", "username_sha256", "failed", "since", "locked_until"),
    "devices": _all(_STAFF, "device_sha256", "username", "seen_at"),
    "sessions": _all(_STAFF, "token_sha256", "username", "expires_at", "seen_at"),
    "tokens": _all(_STAFF, "name", "scopes", "token_sha256", "hmac_secret", "expires_at", "addresses"),
}
"""Of ``events`` only what versions before the erasure wrote: the words of a provider about a message it refused."""


def blank(table: sa.Table) -> dict[str, Any]:
    """What the blanked columns of ``table`` are set to."""
    wanted = [name for name, does in COLUMNS[table.name].items() if does is Does.BLANKED]
    return {name: None if table.c[name].nullable else "" for name in wanted}
