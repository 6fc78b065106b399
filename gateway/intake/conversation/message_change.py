"""From a message, and where its conversation stands, to the command that takes it. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.attachments import NewAttachment
from gateway.domain.callback import owed
from gateway.domain.command import Applied
from gateway.domain.form import Demand, Form, Related, Requester
from gateway.domain.guess import Guess
from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339, spelled_no
from gateway.domain.intents import Intent, intent_of, is_outright
from gateway.domain.interaction import FlowRun, Interaction
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.limits import content_of
from gateway.domain.messages import TICKET_NO, NewMessage, Queued, ThreadStep
from gateway.domain.phone_numbers import CITY, e164
from gateway.domain.said_at import said_at
from gateway.domain.words import Disposition, kind_on
from gateway.domain.world import NewTicket
from gateway.intake.contact.phrases import phrase
from gateway.intake.conversation.follow_up import FollowUp
from gateway.intake.conversation.take_message import NOT_DONE, Asked, Inbound, Rated, TakeBeside, TakeMessage
from gateway.intake.conversation.text_flow import Turn, disposition_of
from gateway.ivr.engine import DialogueState
from gateway.ports.conversation_store import ThreadView
from gateway.ports.message import InboundMessage, Received, StoredMessage
from gateway.prefill.danger import danger_said, raised_in

NEVER_OPEN = frozenset({"edit", "recall", "rating", "end", "subscribe", "unsubscribe"})
"""Events that are no contact, whatever the channel says."""
ABOUT_THE_LAST = frozenset({"edit", "recall", "rating"})
"""Events that belong to the newest interaction, also when it is closed."""
SATISFIED = range(1, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the conversation stands that a message joins or opens."""

    ticket_id: str | None = None
    """The open conversation's; None: this message opens one."""
    interaction_id: str | None = None
    dialogue_no: int = 0
    state: DialogueState | None = None
    previous_ticket: str | None = None
    previous_interaction: str | None = None
    parent: str | None = None
    """The ticket of the conversation in which this other matter was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message that is about to be written, with what came along on the disk already."""

    message: InboundMessage
    """Within the caps of ``gateway.domain.limits``."""
    message_id: str
    body_sha256: str
    """Of the message as it came."""
    attachment: NewAttachment | None = None
    """Its picture, voice or file."""
    whole: NewAttachment | None = None
    """Its text in full, when the message only holds the beginning."""
    judges: bool = True
    """Whether its judgement of a reply counts; one that cannot be is answered, and kept as what it is: a message."""

    @property
    def to_hear(self) -> bool:
        """Whether it is a voice message without words yet, which can be heard."""
        voice = self.message.kind == "voice" and not self.message.text
        return voice and self.attachment is not None and self.attachment.error is None


def phone_of(message: InboundMessage) -> str | None:
    """The E.164 number that the message itself gives for its sender."""
    given = next((e164(i.value, CITY) for i in message.identities if i.kind == "phone"), None)
    return given or (e164(message.sender) if message.channel == "sms" else None)


def identities_of(message: InboundMessage) -> tuple[Identity, ...]:
    """How this person is known again: as the channel says, and by their id there."""
    phone = phone_of(message)
    own = [i for i in message.identities if i.kind != "phone"]
    if phone:
        own.append(Identity(kind="phone", value=phone))
    own.append(Identity(kind=f"on:{message.channel_id}", value=message.sender))
    return tuple(dict.fromkeys(own))


def body_sha256(message: InboundMessage) -> str:
    """What tells a redelivery from another message under the same id. Times are left out: providers restamp.

    Takes time in proportion to the text and the bytes that came along.
    """
    media = message.media
    parts: list[Any] = [message.sender, message.kind, message.text, message.event, message.choice]
    parts.append([message.location.lat, message.location.lon] if message.location else None)
    parts.append([media.ref, hashlib.sha256(media.data).hexdigest() if media.data else None] if media else None)
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()


class MessageCommand:
    """Builds the command of one message."""

    def __init__(
        self,
        arrived: Arrived,
        standing: Standing,
        *,
        now: datetime,
        callback_due: timedelta,
    ) -> None:
        """What ``arrived`` asks for where the conversation stands."""
        self._message = message = arrived.message
        self._standing = standing
        self._now = now
        self._callback_due = callback_due
        self._attachment = arrived.attachment
        self._whole = arrived.whole
        self._body_sha256 = arrived.body_sha256
        self._message_id = arrived.message_id
        self._judges = arrived.judges
        self._incomplete = phrase("incomplete", "zh") if message.incomplete else ""

    def take(self, turn: Turn, extra: list[str], about: FollowUp | None, satisfied: int | None) -> TakeMessage:
        """The message in its conversation; ``extra`` is written before what the flow says."""
        message, standing, now = self._message, self._standing, self._now
        theirs = about is not None and not about.proved
        known = about.ticket if about is not None and theirs and standing.ticket_id is None else None
        content = turn.content
        if about is not None and about.intent is not Intent.ADDITION:
            content = None
        if content and self._incomplete:
            content += self._incomplete
        state = turn.state
        conversation = ExternalKey.of_conversation(message.channel_id, message.sender)
        outbound = self._outbound([*extra, *turn.lines], turn.quick_replies)
        return TakeMessage(
            at=now,
            inbound=self._taken(outbound, tuple(turn.guesses), satisfied),
            conversation=conversation,
            expected_dialogue=standing.dialogue_no if standing.dialogue_no or standing.ticket_id is None else None,
            ticket=None if known is not None else self._ticket(content, turn),
            known_ticket=known.ticket_id if known is not None else None,
            interaction=Interaction(
                interaction_id=new_ulid(),
                channel=message.channel,
                channel_id=message.channel_id,
                started_at=self._sent_at,
                answered_at=now,
                external_id=conversation.external_id,
                from_raw=message.from_raw or message.sender,
                to_raw=message.to_raw,
                flow=FlowRun(name=state.flow, version=state.version),
            ),
            previous=standing.previous_interaction,
            content=content,
            mentions=tuple(turn.mentions),
            line=turn.line,
            pending=self._pending,
            dialogue=state.to_json(),
            ends=self._ends(state, about),
            demand_taken=turn.demand_taken,
            asked=asked(about, standing.ticket_id),
            callback=owed(turn.callback_reason, now, self._callback_due),
        )

    def beside(self, extra: list[str], satisfied: int | None) -> TakeBeside:
        """An event about an interaction that is over."""
        message, standing = self._message, self._standing
        return TakeBeside(
            at=self._now,
            inbound=self._taken(self._outbound(extra, ()), danger_said([message.text or ""]), satisfied),
            ticket_id=standing.previous_ticket or "",
            interaction_id=standing.previous_interaction or "",
            content=message.text if message.event == "edit" else None,
        )

    def _taken(self, outbound: list[NewMessage], guesses: tuple[Guess, ...], satisfied: int | None) -> Inbound:
        message = self._message
        return Inbound(
            key=self._key(),
            message_id=self._message_id,
            kind=message.kind,
            event=message.event,
            codes=dict(message.event_data) if message.event is not None else {},
            incomplete=message.incomplete,
            thread=self._thread(),
            messages=(*self._inbound(), *outbound),
            attachments=self._attachments,
            guesses=guesses,
            emergency=raised_in(guesses),
            rated=_rated(satisfied, message) if self._judges else None,
        )

    def _ends(self, state: DialogueState, about: FollowUp | None) -> Disposition | None:
        """How the conversation ends with this message; None: it goes on. A withdrawn ticket takes nothing more."""
        if self._standing.interaction_id is None:
            return None
        ends = disposition_of(state)
        if about is not None and about.withdrawn:
            return Disposition.COMPLETED if ends is Disposition.IDLE_CLOSED else ends
        return ends if self._message.event == "end" else None

    @property
    def _sent_at(self) -> datetime:
        """The provider's time as far as it can be believed."""
        return said_at(self._message.sent_at, self._message.received_at)

    @property
    def _pending(self) -> bool:
        """Whether the words of a voice message are still to come."""
        attachment = self._attachment
        return attachment is not None and attachment.transcribe and attachment.error is None

    def _key(self) -> ExternalKey:
        message = self._message
        return ExternalKey(
            channel_id=message.channel_id, external_id=message.external_id, body_sha256=self._body_sha256
        )

    def _thread(self) -> ThreadStep:
        message = self._message
        window = message.reply_context.get("window")
        return ThreadStep(
            channel_id=message.channel_id,
            sender=message.sender,
            heard_at=message.received_at,
            window=(int(window["messages"]), float(window["within_s"])) if window else None,
            context={key: value for key, value in message.reply_context.items() if key != "window"},
        )

    @property
    def _attachments(self) -> tuple[NewAttachment, ...]:
        return tuple(one for one in (self._attachment, self._whole) if one is not None)

    def _inbound(self) -> list[NewMessage]:
        """The message; a text in full is a message of its own where a picture or the like came with it."""
        message = self._message
        text = message.text
        if text is None and message.location is not None:
            place = message.location
            text = f"{place.label or ''}({place.lat:.6f},{place.lon:.6f} {place.crs})"
        elif text is None and message.event is not None:
            text = f"[{message.event}]"
        files = self._attachments
        inbound = NewMessage(
            message_id=self._message_id,
            direction="inbound",
            sent_at=self._sent_at,
            kind=message.kind,
            text=f"{text}{self._incomplete}" if text else text,
            attachment_id=files[0].attachment_id if files else None,
            external_id=message.external_id,
        )
        further = [
            NewMessage(
                message_id=file.message_id,
                direction="inbound",
                sent_at=self._sent_at,
                kind=file.kind,
                attachment_id=file.attachment_id,
            )
            for file in files[1:]
        ]
        return [inbound, *further]

    def _outbound(self, lines: list[str], replies: tuple[tuple[str, str], ...]) -> list[NewMessage]:
        """Everything we have to say, as one message: some channels count them."""
        if not lines:
            return []
        message = self._message
        queue = Queued(
            channel_id=message.channel_id, recipient=message.sender, quick_replies=replies, taken=message.pulls
        )
        text = "\n".join(lines)
        return [
            NewMessage(message_id=new_ulid(), direction="outbound", sent_at=self._now, text=text, queue=queue),
        ]

    def _ticket(self, content: str | None, turn: Turn) -> NewTicket:
        message = self._message
        return NewTicket(
            ticket_id=new_ulid(),
            created_at=self._now,
            line=message.line,
            channel=message.channel,
            channel_id=message.channel_id,
            empty=not content and self._attachment is None and turn.callback_reason is None,
            requester_id=new_ulid(),
            people=identities_of(message),
            form=Form(
                entry_number=message.to_raw,
                requester=Requester(
                    kind=kind_on(message.line),
                    name=message.name,
                    phone=phone_of(message),
                ),
                demand=Demand(content=content_of(content) if content else content),
                related=Related(parent_id=self._standing.parent),
            ),
        )


def only_thanks(standing: Standing, message: InboundMessage) -> bool:
    """Whether somebody thanks when their conversation is over: that is no demand, and it has its answer."""
    if standing.previous_interaction is None or message.kind != "text" or message.event or message.choice:
        return False
    return is_outright(message.text) and intent_of(message.text) in {Intent.THANKS, Intent.ACK}


def rating_of(message: InboundMessage) -> int | None:
    """1 to 5, when the message is a rating."""
    given = message.event_data.get("satisfied") if message.event == "rating" else None
    return given if isinstance(given, int) and given in SATISFIED else None


def stored_messages(command: TakeMessage | TakeBeside, applied: Applied) -> list[StoredMessage]:
    """The messages of a committed command as ``Conversations.history`` gives them."""
    number = spelled_no(applied.ticket_no)
    return [
        StoredMessage(
            seq=seq,
            message_id=message.message_id,
            direction=message.direction,
            sent_at=from_rfc3339(rfc3339(message.sent_at)),
            kind=message.kind,
            text=message.text.replace(TICKET_NO, number) if message.queue and message.text else message.text,
            attachment_id=message.attachment_id,
            external_id=message.external_id,
            delivery=None if message.queue is None else "sent" if message.queue.taken else "queued",
            ticket_no=applied.ticket_no,
            quick_replies=message.queue.quick_replies if message.queue else (),
        )
        for seq, message in zip(applied.seqs, command.inbound.messages, strict=True)
    ]


def asked(about: FollowUp | None, open_ticket: str | None) -> Asked | None:
    """What a message wants of a ticket; it says which when that is another one than the open one."""
    if about is None or about.ticket is None:
        return None
    ticket = about.ticket
    other = ticket.ticket_id if (open_ticket is not None or about.proved) and ticket.ticket_id != open_ticket else None
    return Asked(
        intent=about.intent,
        withdrawn=about.withdrawn,
        of=other,
        head=ticket.head or (other if about.intent in NOT_DONE else None),
        merged=ticket.ticket_id if ticket.head is not None else None,
    )


def _rated(satisfied: int | None, message: InboundMessage) -> Rated | None:
    if satisfied is None:
        return None
    return Rated(channel=message.channel, satisfied=satisfied, comment=(message.text or "").strip() or None)


def standing_of(view: ThreadView) -> Standing:
    """Where a conversation stands by what was read of it."""
    return Standing(
        ticket_id=view.open_ticket_id,
        interaction_id=view.open_interaction_id,
        dialogue_no=view.dialogue_no,
        state=DialogueState.from_json(view.dialogue) if view.dialogue else None,
        previous_ticket=view.ticket_id,
        previous_interaction=view.interaction_id,
    )


def received_as(applied: Applied) -> Received:
    """What a message came to, as its channel is told."""
    return Received(
        interaction_id=applied.interaction_id,
        ticket_id=applied.ticket_id,
        ticket_no=applied.ticket_no,
        seq=applied.seqs[0] if applied.seqs else 0,
        replayed=False,
    )
