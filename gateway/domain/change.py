"""What the store writes: one ``Change`` is one atomic change of one ticket, its interaction and its events.

Every write to the record goes through a ``Change``: new rows, field updates and the events that tell of them are
committed in one SQL transaction, many Changes grouped into one commit. Times are timezone-aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import Work
from gateway.domain.guess import Guess, Mention

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
    owner: str | None = None
    """The process of ``node`` that handles it."""
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
    corrected_text: str | None = None
    """``text`` with the domain's words put right; a person's correction comes in its place."""


TICKET_NO = "\ufffcticket_no\ufffc"
"""Stands for the ticket's number in a queued message: the writer draws it in the same transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Where and how an outbound message is sent."""

    channel_id: str
    recipient: str
    quick_replies: tuple[tuple[str, str], ...] = ()
    taken: bool = False
    """Nothing has to be sent: the person's clients fetch it, so that it is sent when it is committed."""


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
    queue: Queued | None = None
    """Outbound: to be sent from the outbox; its delivery is ``queued`` until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Everything one person and we wrote on one channel instance, across interactions: numbered without gaps."""

    channel_id: str
    sender: str
    heard_at: datetime | None = None
    """Set by a message of the person: when it arrived."""
    window: tuple[int, float] | None = None
    """(messages, seconds) that the provider lets us answer it, where that differs from the channel's own window."""
    context: Mapping[str, Any] | None = None
    """What the channel needs to answer the newest message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAttachment:
    """A picture, voice message or file. ``sha256`` None: it has still to be fetched by ``ref``."""

    attachment_id: str
    channel_id: str
    kind: str
    message_id: str
    ref: str = ""
    name: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    location: str | None = None
    """Where it lies (attachments port)."""
    error: str | None = None
    """Why it is not kept: too_large, not_allowed, empty."""
    transcribe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentUpdate:
    """What became of an attachment: stored (``sha256``), refused or failed (``error``), transcribed."""

    attachment_id: str
    todo: str | None
    """What remains: fetch, transcribe, or nothing."""
    name: str | None = None
    media_type: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    location: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryUpdate:
    """What became of a queued message. A state never goes back: queued, sent, delivered, read; or failed."""

    message_id: str
    state: str
    at: datetime
    external_id: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """并单: this Change's ticket goes into ``other``, or, with ``undo``, becomes one of its own again.

    Both tickets change and both get the Change's event. A Change that was made before is ``skipped``, whatever its
    ``expected_version``; ``Conflict`` when ``other`` is merged itself, or one of the two is closed.
    """

    other: str
    """The ticket_id of the ticket that stays."""
    undo: bool = False


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

    ``close_unless_closed`` makes the whole Change a no-op when the interaction already has a disposition (the owner
    and the lease sweeper may race). With ``owner`` the owner's close wins: where recovery closed in its place, because
    it was out of reach, the whole Change applies all the same, and the call that recovery said is owed is not, or is
    for this Change's reason from now on.

    Calls that are owed (``gateway.domain.callback``) follow from what is written: whether ``callback`` makes a task or
    joins one, at which number, and which tasks a call settles. The store adds the events that tell of it.
    """

    new_ticket: NewTicket | None = None
    ticket_id: str | None = None
    dedupe: ExternalKey | None = None
    also: tuple[ExternalKey, ...] = ()
    """Further names under which this delivery can be found; who came first under a name keeps it."""
    expected_version: int | None = None
    ticket_fields: Mapping[Path, Any] = field(default_factory=dict)
    """Record fields to set by path; ``status``, ``line``, ``empty`` and ``requester.*`` paths included."""
    guesses: tuple[Guess, ...] = ()
    """Pre-filled fields: kept in ``prefill.fields``, and set in the record when sure enough (``FILL_AT``). A field
    that a person confirmed is left alone."""
    mentions: tuple[Mention, ...] = ()
    """What else was said: in place of what was known, or, with ``content`` or ``join``, beside it."""
    join: ExternalKey | None = None
    """A conversation's key: when an open interaction carries it as ``external_id``, this Change's ``new_ticket`` and
    ``new_interaction`` are dropped and the rest goes there."""
    new_interaction: NewInteraction | None = None
    interaction_id: str | None = None
    interaction_fields: Mapping[str, Any] = field(default_factory=dict)
    lease_until: datetime | None = None
    close_unless_closed: bool = False
    owner: str | None = None
    segments: tuple[NewSegment, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    corrected_segments: Mapping[int, str] = field(default_factory=dict)
    callback: NewCallback | None = None
    work: Work | None = None
    """What somebody did about the task that the Change names."""
    lifts_secrecy: bool = False
    """Without this ``requester.secret`` stays once it is true, whatever ``ticket_fields`` say."""
    content: str | None = None
    """More of what the requester said, appended to ``demand.content``; spans of ``guesses`` count from its start.
    For changes of a known ticket; a new ticket's own content lies in its fields."""
    thread: Thread | None = None
    """Whose messages ``messages`` are."""
    dialogue: str | None = None
    """The flow's state of the interaction, as JSON."""
    expected_dialogue: int | None = None
    """With ``join``: how often the open conversation's dialogue must have been written (0: none is open). Another
    number means that somebody else went on with it: ``StaleVersion``."""
    attachments: tuple[NewAttachment, ...] = ()
    attachment_updates: tuple[AttachmentUpdate, ...] = ()
    message_texts: Mapping[str, str] = field(default_factory=dict)
    """message_id -> its text, learned later (a voice message's words)."""
    merge: Merge | None = None
    deliveries: tuple[DeliveryUpdate, ...] = ()
    """An update that takes a message back makes the whole Change a no-op (``skipped``)."""
    events: tuple[NewEvent, ...] = ()
    trace: str | None = None
    """The id of the contact in the logs, 32 hexadecimal digits; None: of whoever hands the Change to the store."""


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
    """True when ``close_unless_closed`` found the interaction closed, or a delivery was known already."""
    seqs: tuple[int, ...] = ()
    """Numbers of the Change's messages in their thread."""
    dialogue_no: int = 0
    """How often the interaction's dialogue has been written."""


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
    external_id: str | None = None
