"""What the store writes: one ``Change`` is one atomic change of one ticket, its interaction and its events.

Every write to the record goes through a ``Change``: new rows, field updates and the events that tell of them are
committed in one SQL transaction, many Changes grouped into one commit. Times are timezone-aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.guess import Guess

Path = tuple[str, ...]
"""A record path, e.g. ``("demand", "type")`` or ``("prefill", "fields", "demand.type")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalKey:
    """The unique key of a delivery: a redelivery with the same key changes nothing.

    ``body_sha256`` tells a replay from another body under the same key (``Conflict``); None compares nothing.
    """

    channel_id: str
    external_id: str
    body_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One way to recognise a requester again, e.g. kind ``phone`` with an E.164 value, or ``openid``."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequester:
    """The person a new ticket is from; an identity seen before makes the ticket theirs (``returning``)."""

    identities: tuple[Identity, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Requester fields of the record (kind, name, phone, callback_phone, …); the rest take their defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A ticket to register; the writer draws ``ticket_no`` in commit order."""

    ticket_id: str
    created_at: datetime
    line: str
    channel: str
    channel_id: str
    entry_number: str | None = None
    source_name: str | None = None
    source_event_id: str | None = None
    empty: bool = False
    requester: NewRequester = NewRequester()
    fields: Mapping[Path, Any] = field(default_factory=dict)
    """Any other record field by path (demand, place, handling, outcome, prefill, related)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInteraction:
    """An interaction that begins; it belongs to the Change's ticket and is owned by a process under a lease."""

    interaction_id: str
    channel: str
    channel_id: str
    direction: str
    started_at: datetime
    external_id: str | None = None
    from_raw: str | None = None
    to_raw: str | None = None
    asserted_identity: str | None = None
    diversion: str | None = None
    node: str | None = None
    lease_until: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Any other interaction field of the record: flow, queued_at, answered_at, ended_at, disposition, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSegment:
    """A piece of transcript; ``seq`` is unique within the interaction, writing one again changes nothing."""

    seq: int
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    language: str | None = None
    confidence: float | None = None
    engine: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message of a text channel."""

    message_id: str
    direction: str
    sent_at: datetime
    kind: str = "text"
    text: str | None = None
    attachment_id: str | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCallback:
    """A callback task: the city owes this person a call."""

    callback_id: str
    phone: str | None
    reason: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One fact for the append-only log. ``data`` holds ids, field names and non-personal values only."""

    type: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One atomic change. Exactly one of ``new_ticket`` and ``ticket_id`` is given; the rest as needed.

    A callback is opened at most once per interaction. ``close_unless_closed`` makes the whole Change a no-op when
    the interaction already has a disposition (the owner and the lease sweeper may race).
    """

    new_ticket: NewTicket | None = None
    ticket_id: str | None = None
    dedupe: ExternalKey | None = None
    expected_version: int | None = None
    ticket_fields: Mapping[Path, Any] = field(default_factory=dict)
    """Record fields to set by path; ``status``, ``line``, ``empty`` and ``requester.*`` paths included."""
    guesses: tuple[Guess, ...] = ()
    """Pre-filled fields: kept in ``prefill.fields``, and set in the record when sure enough (``FILL_AT``). A field
    that a person confirmed is left alone."""
    join: ExternalKey | None = None
    """A conversation's key: when an open interaction carries it as ``external_id``, this Change's ``new_ticket`` and
    ``new_interaction`` are dropped and the rest goes there."""
    new_interaction: NewInteraction | None = None
    interaction_id: str | None = None
    interaction_fields: Mapping[str, Any] = field(default_factory=dict)
    lease_until: datetime | None = None
    close_unless_closed: bool = False
    segments: tuple[NewSegment, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    corrected_segments: Mapping[int, str] = field(default_factory=dict)
    callback: NewCallback | None = None
    events: tuple[NewEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a Change came to. ``replayed``: its key had been seen, the ids are the earlier ones, nothing changed."""

    ticket_id: str
    ticket_no: str
    interaction_id: str | None
    version: int
    event_seq: int
    replayed: bool = False
    skipped: bool = False
    """True when ``close_unless_closed`` found the interaction closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInteraction:
    """An interaction without a disposition, as lease recovery sees it."""

    interaction_id: str
    ticket_id: str
    ticket_no: str
    channel: str
    channel_id: str
    node: str | None
    started_at: datetime
    answered_at: datetime | None
    lease_until: datetime | None
    from_raw: str | None
    recording_path: str | None
    phone: str | None = None
