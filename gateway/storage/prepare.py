"""A ``Change`` made ready for SQL, checked, before it joins a batch: what is wrong with it alone is found here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from gateway.domain.change import Change, ExternalKey, NewInteraction, NewTicket, Path
from gateway.domain.ids import new_ulid
from gateway.domain.limits import SEGMENT_CHARS, content_of
from gateway.domain.status import Status
from gateway.errors import RejectedInput
from gateway.storage.prepare_conversation import attachment_row, conversation_texts, queued_row
from gateway.storage.shape import HOT, SECTIONS, Tree, check_path, code_of, set_in, shaped
from gateway.storage.texts import check_texts, instant, plain

CORRECTED = "ticket.corrected"
"""The event of a person's correction: what it set is confirmed."""
_COLUMNS = frozenset(
    {
        "from_raw",
        "to_raw",
        "asserted_identity",
        "diversion",
        "node",
        "external_id",
        "channel",
        "channel_id",
        "direction",
    }
    | {"started_at", "queued_at", "answered_at", "ended_at", "disposition", "agent_id", "recording_path", "owner"},
)
_PERSONAL = frozenset({"requester", "line"})
_PENDING: Path = ("prefill", "pending")
_CONTENT: Path = ("demand", "content")
_IN_DOC = frozenset({"flow", "dtmf", "recording"})
Row = dict[str, Any]
_NO_INTERACTION: Row = dict.fromkeys((*_COLUMNS, "dialogue", "dialogue_no"))


class Guessed(NamedTuple):
    """A guess as it is stored."""

    path: Path
    entry: Row
    value: Any
    candidates: list[Row]


@dataclass(slots=True)
class Prepared:
    """Checked rows and fields of one Change. A batch uses them up: to try again, prepare again."""

    change: Change
    ticket: Row | None
    ticket_doc: Tree
    interaction: Row | None
    interaction_fields: Row
    interaction_doc: Tree
    lease_until: str | None
    fields: list[tuple[Path, Any]]
    guesses: list[Guessed]
    mentions: list[Row]
    segments: list[Row]
    messages: list[Row]
    queued: list[Row | None]
    """For each of ``messages`` its row of the outbox, when it has one."""
    attachments: list[Row]
    events: list[Row]
    confirmed_by: str | None
    touches_calls: bool
    """Whether calls that are owed may follow: nothing of them is looked up for other Changes."""

    @property
    def is_read(self) -> bool:
        """Whether everything that was said in the contact is known from now on."""
        return self.change.ticket_fields.get(_PENDING) is False

    @property
    def dedupe(self) -> ExternalKey | None:
        """The Change's key."""
        return self.change.dedupe


def prepare(change: Change, now: str) -> Prepared:
    """Check ``change``; ``RejectedInput`` says what is wrong with it."""
    if (change.new_ticket is None) == (change.ticket_id is None):
        raise RejectedInput("a change needs either a new ticket or a ticket_id")
    if change.merge is not None and change.ticket_id is None:
        raise RejectedInput("only a ticket that is there already can be merged")
    texts: list[Any] = []
    ticket, ticket_doc = _ticket(change.new_ticket, texts) if change.new_ticket else (None, {})
    interaction = _interaction(change.new_interaction, texts) if change.new_interaction else None
    has_interaction = interaction is not None or change.interaction_id is not None
    parts = (change.segments, change.messages, change.callback, change.corrected_segments, change.attachments)
    if not has_interaction and any(parts):
        raise RejectedInput("transcript, messages, attachments and callbacks need an interaction")
    columns, doc = _interaction_fields(change.interaction_fields, texts)
    fields = [(path, shaped(path, plain(_bounded(path, v), texts))) for path, v in change.ticket_fields.items()]
    for path, _ in fields:
        check_path(path)
    queued = [queued_row(m, now, change.trace) for m in change.messages]
    prepared = Prepared(
        change=change,
        ticket=ticket,
        ticket_doc=ticket_doc,
        interaction=interaction,
        interaction_fields=columns,
        interaction_doc=doc,
        lease_until=instant(change.lease_until) if change.lease_until else None,
        fields=fields,
        guesses=_guesses(change, texts),
        mentions=[plain(mention.as_entry(), texts) for mention in change.mentions],
        segments=[
            {
                "seq": s.seq,
                "speaker": s.speaker,
                "start_ms": s.start_ms,
                "end_ms": s.end_ms,
                "text": s.text[:SEGMENT_CHARS],
                "corrected_text": s.corrected_text[:SEGMENT_CHARS] if s.corrected_text else s.corrected_text,
                "language": s.language,
                "confidence": s.confidence,
                "engine": s.engine,
            }
            for s in change.segments
        ],
        messages=[
            {
                "message_id": m.message_id,
                "direction": m.direction,
                "sent_at": instant(m.sent_at),
                "kind": m.kind,
                "text": m.text,
                "attachment_id": m.attachment_id,
                "external_id": m.external_id,
                "delivery": q["state"] if q else None,
                "channel_id": change.thread.channel_id if change.thread else None,
                "sender": change.thread.sender if change.thread else None,
                "thread_seq": None,
            }
            for m, q in zip(change.messages, queued, strict=True)
        ],
        queued=queued,
        attachments=[attachment_row(a, now) for a in change.attachments],
        events=_events(change, texts, now),
        confirmed_by=next((e.actor for e in change.events if e.type == CORRECTED and e.actor != "system"), None),
        touches_calls=_touches_calls(change),
    )
    if change.callback is not None:
        texts += (change.callback.callback_id, change.callback.reason, instant(change.callback.due_at))
    if change.work is not None:
        texts += (change.work.callback_id, change.work.actor, change.work.note)
    for row in prepared.segments:
        plain(row, texts)
    for row in (*prepared.messages, *prepared.attachments):
        texts += row.values()
    conversation_texts(change, texts)
    texts += change.corrected_segments.values()
    for key in (change.dedupe, change.join, *change.also):
        if key is not None:
            texts += (key.channel_id, key.external_id, key.body_sha256)
    texts += (change.ticket_id, change.interaction_id, change.merge.other if change.merge else None)
    check_texts(texts)
    return prepared


def _ticket(new: NewTicket, texts: list[Any]) -> tuple[Row, Tree]:
    doc: Tree = {}
    if new.entry_number is not None:
        doc["entry_number"] = new.entry_number
    if new.source_name is not None or new.source_event_id is not None:
        doc["source"] = {"name": new.source_name, "event_id": new.source_event_id}
    requester = {key: value for key, value in new.requester.fields.items() if value is not None}
    if unknown := requester.keys() - SECTIONS["requester"].keys():
        raise RejectedInput(f"a requester has no field {', '.join(sorted(map(str, unknown)))}")
    doc["requester"] = requester
    for path, value in new.fields.items():
        check_path(path)
        if value is not None:
            set_in(doc, path, shaped(path, _bounded(path, value)))
    for identity in new.requester.identities:
        texts += (identity.kind, identity.value)
    row = {
        "ticket_id": new.ticket_id,
        "line": new.line,
        "channel": new.channel,
        "channel_id": new.channel_id,
        "empty": new.empty,
        "created_at": instant(new.created_at),
        "status": Status.REGISTERED.value,
    }
    row |= {name: doc.pop(name) for name in HOT & doc.keys()}
    texts += row.values()
    return row, plain(doc, texts)


def _bounded(path: Path, value: Any) -> Any:
    """``value``, unless it is a content longer than one may be."""
    return content_of(value) if path == _CONTENT and isinstance(value, str) else value


def _interaction(new: NewInteraction, texts: list[Any]) -> Row:
    columns, doc = _interaction_fields(new.fields, texts)
    row = _NO_INTERACTION | {
        "interaction_id": new.interaction_id,
        "channel": new.channel,
        "channel_id": new.channel_id,
        "direction": new.direction,
        "external_id": new.external_id,
        "from_raw": new.from_raw,
        "to_raw": new.to_raw,
        "asserted_identity": new.asserted_identity,
        "diversion": new.diversion,
        "node": new.node,
        "owner": new.owner,
        "started_at": instant(new.started_at),
        "lease_until": instant(new.lease_until) if new.lease_until else None,
    }
    row |= columns
    texts += row.values()
    row["doc"] = doc
    return row


def _interaction_fields(given: Any, texts: list[Any]) -> tuple[Row, Tree]:
    columns: Row = {}
    doc: Tree = {}
    for name, value in given.items():
        if name in _COLUMNS:
            columns[name] = plain(value, texts)
        elif name in _IN_DOC:
            doc[name] = plain(value, texts)
        else:
            raise RejectedInput(f"an interaction has no field {name!r} that can be set")
    recording = doc.get("recording")
    if recording and recording.get("location"):
        columns["recording_path"] = recording["location"]
    return columns, doc


def _guesses(change: Change, texts: list[Any]) -> list[Guessed]:
    found = []
    for guess in change.guesses:
        path = _checked_path(guess.path)
        value = plain(_bounded(path, guess.value), texts)
        texts.append(guess.source)
        entry = guess.as_field()
        entry["value"] = code_of(path, value)
        entry["confidence"] = plain(guess.confidence, texts)
        offered = [{"code": plain(code, texts), "confidence": sure} for code, sure in guess.candidates]
        found.append(Guessed(path, entry, shaped(path, value), offered))
    return found


@lru_cache(maxsize=1024)
def _checked_path(dotted: str) -> Path:
    path = tuple(dotted.split("."))
    check_path(path)
    return path


def _touches_calls(change: Change) -> bool:
    """Whether somebody is owed a call by it, or it alters who is, where, or whether still."""
    if change.callback or change.work or change.owner or "disposition" in change.interaction_fields:
        return True
    if change.ticket_fields.get(_PENDING) is False:
        return True
    paths = [guess.path.partition(".")[0] for guess in change.guesses] + [path[0] for path in change.ticket_fields]
    return change.join is not None or not _PERSONAL.isdisjoint(paths)


def _events(change: Change, texts: list[Any], now: str) -> list[Row]:
    rows = [
        {
            "event_id": new_ulid(),
            "type": event.type,
            "at": instant(event.at),
            "actor": event.actor,
            "data": plain(event.data, texts),
            "trace": change.trace,
        }
        for event in change.events
    ]
    if not rows and change.work is None:
        # Every change has an event: cursors are event_seq.
        fields = [".".join(path) for path in change.ticket_fields] + list(change.interaction_fields)
        rows = [
            {
                "event_id": new_ulid(),
                "type": "ticket.updated",
                "at": now,
                "actor": "system",
                "data": {"fields": fields},
                "trace": change.trace,
            }
        ]
    for row in rows:
        texts += (row["type"], row["actor"])
    return rows
