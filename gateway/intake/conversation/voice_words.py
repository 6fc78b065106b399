"""What a voice message changes once its words are known, or once it is certain that they will not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.callback import owed
from gateway.domain.change import (
    AttachmentUpdate,
    Change,
    ExternalKey,
    NewEvent,
    NewMessage,
    Queued,
    Thread,
)
from gateway.domain.ids import new_ulid
from gateway.domain.words import Disposition
from gateway.intake.contact.emergency import emergency_raised
from gateway.intake.contact.phrases import danger_phrase, phrase
from gateway.intake.contact.plain_text import language_of
from gateway.intake.conversation.follow_up import FollowUp
from gateway.intake.conversation.message_change import CONVERSATION, asked, withdrawn
from gateway.intake.conversation.text_flow import Heeded, TextFlow, Turn
from gateway.ivr.engine import DialogueState
from gateway.ports.conversation_store import AttachmentRow, ThreadView
from gateway.prefill.danger import danger_in


def said_change(
    flow: TextFlow, row: AttachmentRow, view: ThreadView, text: str, now: datetime, callback_due: timedelta
) -> Change:
    """The words go into message and demand, and to the flow when it still waits for them."""
    state = _open_state(row, view)
    about = _about(flow, row, view, state, text, now)
    if about is not None:
        language = language_of(text) or (state.language if state is not None else "zh")
        begun = Turn(state=state or DialogueState(flow="", version="", step=""))
        turn = flow.told(begun, about, Heeded(at=now, text=text), language)
    elif state is not None:
        another = not danger_in(text) and flow.is_another(state, text, now)
        turn = flow.later(state, row.message_id, text, now)
        turn.lines = [phrase("another", turn.state.language), *turn.lines] if another else turn.lines
    else:
        turn = flow.read(text, now)
    lines = "\n".join(turn.lines)
    if state is None and turn.emergency is not None:
        lines = danger_phrase(turn.emergency, language_of(text) or "zh")
    data = {"attachment_id": row.attachment_id, "message_id": row.message_id}
    events = [NewEvent(type="attachment.transcribed", at=now, data=data)]
    events += asked(about, row.ticket_id, now)
    events += emergency_raised(turn.guesses, now, message_id=row.message_id)
    events += [NewEvent(type="ticket.demand_taken", at=now)] if turn.demand_taken else []
    ends = None
    if about is not None and about.withdrawn and state is not None:  # it takes nothing more: what comes opens its own
        ends = (Disposition.CALLBACK_REQUESTED if state.vars.get("person") else Disposition.COMPLETED).value
        events.append(NewEvent(type="interaction.ended", at=now, data={"disposition": ends}))
    return Change(
        ticket_id=row.ticket_id,
        interaction_id=row.interaction_id,
        **_going_on(row, view, turn if state is not None else None),
        ticket_fields=dict(turn.fields) | _not_pending(row) | withdrawn(about),
        interaction_fields={"ended_at": now, "disposition": ends} if ends is not None else {},
        content=turn.content,
        guesses=tuple(turn.guesses),
        mentions=tuple(turn.mentions),
        message_texts={row.message_id: text},
        thread=Thread(channel_id=row.channel_id, sender=row.sender or "") if lines else None,
        messages=(_said(row, lines, turn.quick_replies, now),) if lines else (),
        attachment_updates=(AttachmentUpdate(attachment_id=row.attachment_id, todo=None),),
        callback=owed(turn.callback_reason, now, callback_due),
        events=tuple(events),
    )


def told_change(row: AttachmentRow, view: ThreadView, why: str, now: datetime) -> Change:
    """It was lost: the attachment says why, and the sender is asked for something else."""
    state = _open_state(row, view)
    text = phrase(why, state.language if state else language_of(row.message_text) or "zh")
    data = {"attachment_id": row.attachment_id, "message_id": row.message_id, "reason": why}
    return Change(
        ticket_id=row.ticket_id,
        interaction_id=row.interaction_id,
        ticket_fields=_not_pending(row),
        thread=Thread(channel_id=row.channel_id, sender=row.sender or ""),
        messages=(_said(row, text, (), now),),
        attachment_updates=(AttachmentUpdate(attachment_id=row.attachment_id, todo=None, error=why),),
        events=(NewEvent(type="attachment.failed", at=now, data=data),),
    )


def _open_state(row: AttachmentRow, view: ThreadView) -> DialogueState | None:
    """The flow's state while the message's conversation is open."""
    if view.open_interaction_id != row.interaction_id or not view.dialogue:
        return None
    return DialogueState.from_json(view.dialogue)


def _about(
    flow: TextFlow, row: AttachmentRow, view: ThreadView, state: DialogueState | None, text: str, now: datetime
) -> FollowUp | None:
    """Which ticket the words speak of. Another one than this conversation's is withdrawn in writing only."""
    if danger_in(text):
        return None
    about = flow.about(state, view.open_ticket_id if state else None, text, view.tickets, now)
    if about is None or about.ticket is None or about.ticket.ticket_id == row.ticket_id:
        return about
    return replace(about, confirmed=False)


def _going_on(row: AttachmentRow, view: ThreadView, turn: Turn | None) -> dict[str, Any]:
    if turn is None:
        return {}
    key = ExternalKey(channel_id=row.channel_id, external_id=f"{CONVERSATION}{row.sender}")
    return {"join": key, "expected_dialogue": view.dialogue_no, "dialogue": turn.state.to_json()}


def _not_pending(row: AttachmentRow) -> dict[tuple[str, ...], Any]:
    """The ticket is complete when this was the last voice message that waited."""
    return {} if row.others_waiting else {("prefill", "pending"): False}


def _said(row: AttachmentRow, text: str, replies: tuple[tuple[str, str], ...], now: datetime) -> NewMessage:
    queue = Queued(channel_id=row.channel_id, recipient=row.sender or "", quick_replies=replies)
    return NewMessage(message_id=new_ulid(), direction="outbound", sent_at=now, text=text, queue=queue)
