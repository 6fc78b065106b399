"""What a voice message changes once its words are known, or once it is certain that they will not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.callback import owed
from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage, Queued, ThreadStep
from gateway.domain.words import Disposition
from gateway.intake.contact.phrases import danger_phrase, phrase
from gateway.intake.contact.plain_text import language_of
from gateway.intake.conversation.follow_up import FollowUp
from gateway.intake.conversation.hear_voice import HearVoiceMessage, LoseAttachment
from gateway.intake.conversation.message_change import asked
from gateway.intake.conversation.text_flow import Heeded, TextFlow, Turn
from gateway.ivr.engine import DialogueState
from gateway.ports.conversation_store import AttachmentRow, ThreadView
from gateway.prefill.danger import danger_in, raised_in


def heard(
    flow: TextFlow, row: AttachmentRow, view: ThreadView, text: str, now: datetime, callback_due: timedelta
) -> HearVoiceMessage:
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
    ends = None
    if about is not None and about.withdrawn and state is not None:  # it takes nothing more: what comes opens its own
        ends = Disposition.CALLBACK_REQUESTED if state.vars.get("person") else Disposition.COMPLETED
    return HearVoiceMessage(
        at=now,
        **_of(row),
        conversation=ExternalKey.of_conversation(row.channel_id, row.sender or "") if state is not None else None,
        expected_dialogue=view.dialogue_no,
        dialogue=turn.state.to_json() if state is not None else None,
        text=text,
        content=turn.content,
        guesses=tuple(turn.guesses),
        mentions=tuple(turn.mentions),
        emergency=raised_in(turn.guesses),
        line=turn.line,
        asked=asked(about, row.ticket_id),
        demand_taken=turn.demand_taken,
        ends=ends,
        answer=_said(row, lines, turn.quick_replies, now) if lines else None,
        callback=owed(turn.callback_reason, now, callback_due),
    )


def lost(row: AttachmentRow, view: ThreadView, why: str, now: datetime) -> LoseAttachment:
    """It was lost: the attachment says why, and the sender is asked for something else."""
    state = _open_state(row, view)
    text = phrase(why, state.language if state else language_of(row.message_text) or "zh")
    return LoseAttachment(at=now, **_of(row), why=why, answer=_said(row, text, (), now))


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


def _of(row: AttachmentRow) -> dict[str, Any]:
    """What both commands say of the message. The ticket is complete when this was the last one that waited."""
    return {
        "ticket_id": row.ticket_id,
        "interaction_id": row.interaction_id,
        "attachment_id": row.attachment_id,
        "message_id": row.message_id,
        "thread": ThreadStep(channel_id=row.channel_id, sender=row.sender or ""),
        "last": not row.others_waiting,
    }


def _said(row: AttachmentRow, text: str, replies: tuple[tuple[str, str], ...], now: datetime) -> NewMessage:
    queue = Queued(channel_id=row.channel_id, recipient=row.sender or "", quick_replies=replies)
    return NewMessage(message_id=new_ulid(), direction="outbound", sent_at=now, text=text, queue=queue)
