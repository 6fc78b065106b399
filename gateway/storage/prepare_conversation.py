"""The rows of a Change that only written conversations have."""

from __future__ import annotations

from typing import Any

from gateway.domain.change import Change, NewAttachment, NewMessage
from gateway.storage.texts import plain

Row = dict[str, Any]


def queued_row(message: NewMessage, now: str, trace: str | None) -> Row | None:
    """A message's row of the outbox, without what only the batch knows; None for one that is not sent."""
    queue = message.queue
    if queue is None:
        return None
    return {
        "message_id": message.message_id,
        "channel_id": queue.channel_id,
        "recipient": queue.recipient,
        "state": "sent" if queue.taken else "queued",
        "attempts": 0,
        "next_at": now,
        "leased_by": None,
        "created_at": now,
        "sent_at": now if queue.taken else None,
        "external_id": message.message_id if queue.taken else None,
        "error": None,
        "doc": {"quick_replies": [list(reply) for reply in queue.quick_replies], "trace": trace},
    }


def attachment_row(new: NewAttachment, now: str) -> Row:
    """An attachment's row, without its ticket and interaction."""
    stored = new.sha256 is not None
    return {
        "attachment_id": new.attachment_id,
        "message_id": new.message_id,
        "channel_id": new.channel_id,
        "kind": new.kind,
        "ref": new.ref,
        "name": new.name,
        "media_type": new.media_type,
        "bytes": new.bytes,
        "sha256": new.sha256,
        "location": new.location,
        "error": new.error,
        "todo": None if new.error or (stored and not new.transcribe) else "transcribe" if stored else "fetch",
        "attempts": 0,
        "decodings": 0,
        "next_at": now,
        "leased_by": None,
        "created_at": now,
    }


def conversation_texts(change: Change, texts: list[str]) -> None:
    """Have every text that these parts of a Change bring checked."""
    for message in change.messages:
        if message.queue:
            texts += (message.queue.channel_id, message.queue.recipient)
            for key, label in message.queue.quick_replies:
                texts += (key, label)
    if change.thread:
        texts += (change.thread.channel_id, change.thread.sender)
        plain(dict(change.thread.context or {}), texts)
    for update in change.attachment_updates:
        texts += [
            t for t in (update.name, update.media_type, update.sha256, update.location, update.error, update.todo) if t
        ]
    for delivery in change.deliveries:
        texts += [t for t in (delivery.state, delivery.external_id, delivery.error) if t]
    texts += change.message_texts.values()
    texts += (change.dialogue or "", change.content or "")
