"""What a Change does to a written conversation: its thread, its flow, its outbox, its attachments."""

from __future__ import annotations

from gateway.domain.change import TICKET_NO, AttachmentUpdate
from gateway.domain.ids import rfc3339, spelled_no
from gateway.errors import StaleVersion
from gateway.storage.batch_state import InteractionState, State, TicketState
from gateway.storage.prepare import Prepared, Row

_RANK = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}
_NEVER = -1
HEARD_KEPT = 3
"""Messages that opened a window are remembered, one of each kind of window, so many kinds at most."""


def check_dialogue(p: Prepared, joined: str | None, state: State) -> None:
    """``StaleVersion`` unless the open conversation's dialogue stands where the Change's author saw it."""
    expected = p.change.expected_dialogue
    if expected is None:
        return
    found = (state.interactions[joined].row["dialogue_no"] or 0) if joined is not None else 0
    if found != expected or (joined is None) != (expected == 0):
        raise StaleVersion("the conversation has gone on; read it again")


def advances(p: Prepared, state: State) -> bool:
    """Whether its deliveries tell anything new; True for a Change without any."""
    return all(_is_news(state.outbox.get(d.message_id), d.state) for d in p.change.deliveries)


def _is_news(before: str | None, after: str) -> bool:
    if before is None:
        return False
    if after == "failed":
        return before in {"queued", "sent"}
    return _RANK.get(after, _NEVER) > _RANK.get(before, len(_RANK))


def converse(p: Prepared, ticket: TicketState, interaction: InteractionState, state: State) -> tuple[int, ...]:
    """Number the messages in their thread, queue the outbound ones, keep flow, deliveries and attachments."""
    change = p.change
    seqs = _number(p, ticket, interaction, state)
    for message, queued in zip(p.messages, p.queued, strict=True):
        if queued is not None:
            text = (message["text"] or "").replace(TICKET_NO, spelled_no(ticket.row["ticket_no"]))
            message["text"] = text
            ids = {"ticket_id": ticket.row["ticket_id"], "interaction_id": interaction.row["interaction_id"]}
            state.add("outbox", queued | ids | {"text": text, "thread_seq": message["thread_seq"] or message["seq"]})
            state.outbox[message["message_id"]] = queued["state"]
    if change.dialogue is not None:
        interaction.row["dialogue"] = change.dialogue
        interaction.row["dialogue_no"] = (interaction.row["dialogue_no"] or 0) + 1
        interaction.dirty = True
    for delivery in change.deliveries:
        state.outbox[delivery.message_id] = delivery.state
        row = {"of_message": delivery.message_id, "state": delivery.state, "error": delivery.error}
        sent_at = rfc3339(delivery.at) if delivery.state == "sent" else None
        state.add("outbox_updates", row | {"given_external": delivery.external_id, "given_sent": sent_at})
        ids = {"of_interaction": interaction.row["interaction_id"], "of_message": delivery.message_id}
        state.add("delivery_updates", ids | {"delivery": delivery.state})
    for message_id, text in change.message_texts.items():
        ids = {"of_interaction": interaction.row["interaction_id"], "of_message": message_id}
        state.add("text_updates", ids | {"text": text})
    _attach(p, ticket, interaction, state)
    return seqs


def _number(p: Prepared, ticket: TicketState, interaction: InteractionState, state: State) -> tuple[int, ...]:
    thread = p.change.thread
    if thread is None:
        return ()
    key = (thread.channel_id, thread.sender)
    row = state.threads.get(key)
    if row is None:
        row = {"channel_id": key[0], "sender": key[1], "last_seq": 0, "heard_at": None, "doc": {}}
        state.threads[key] = row
    row["ticket_id"] = ticket.row["ticket_id"]
    row["interaction_id"] = interaction.row["interaction_id"]
    if thread.heard_at is not None:
        row["heard_at"] = rfc3339(thread.heard_at)
        heard = {"at": row["heard_at"], "window": list(thread.window) if thread.window else None}
        same = [h for h in row["doc"].get("heard", ()) if h["window"] != heard["window"]]
        row["doc"] = row["doc"] | {"heard": [*same, heard][-HEARD_KEPT:]}
    if thread.context is not None:
        row["doc"] = row["doc"] | {"context": dict(thread.context)}
    for message in p.messages:
        row["last_seq"] += 1
        message["thread_seq"] = row["last_seq"]
    state.changed_threads.add(key)
    return tuple(message["thread_seq"] for message in p.messages)


def _attach(p: Prepared, ticket: TicketState, interaction: InteractionState, state: State) -> None:
    shown: list[Row] = list(ticket.doc.get("attachments") or ())
    for row in p.attachments:
        ids = {"ticket_id": ticket.row["ticket_id"], "interaction_id": interaction.row["interaction_id"]}
        state.add("attachments", row | ids)
        shown.append(_shown(row))
    for update in p.change.attachment_updates:
        state.add("attachment_updates", _updated(update))
        shown = [_told(entry, update) if entry["attachment_id"] == update.attachment_id else entry for entry in shown]
    if p.attachments or p.change.attachment_updates:
        ticket.doc["attachments"] = shown


def _shown(row: Row) -> Row:
    keys = ("attachment_id", "name", "media_type", "bytes", "sha256", "error")
    return {key: row[key] for key in keys} | {"url": f"/api/v1/attachments/{row['attachment_id']}"}


def _told(entry: Row, update: AttachmentUpdate) -> Row:
    told = {key: getattr(update, key) for key in ("name", "media_type", "bytes", "sha256")}
    return entry | {key: value for key, value in told.items() if value is not None} | {"error": update.error}


def _updated(update: AttachmentUpdate) -> Row:
    told = {f"given_{key}": getattr(update, key) for key in ("name", "media_type", "bytes", "sha256", "location")}
    return told | {"of_attachment": update.attachment_id, "todo": update.todo, "error": update.error}
