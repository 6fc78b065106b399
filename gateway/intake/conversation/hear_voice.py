"""The commands of a voice message: its words are known, or will never be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.attachments import AttachmentUpdate
from gateway.domain.callback import NewCallback
from gateway.domain.command import Applied, Refs
from gateway.domain.events import AttachmentFailed, AttachmentTranscribed, DemandTaken, InteractionEnded
from gateway.domain.filling import Filling
from gateway.domain.guess import Guess, Mention
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage, ThreadStep
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.words import Disposition
from gateway.domain.world import World
from gateway.intake.conversation.take_message import Asked, going_on


@dataclass(slots=True, kw_only=True)
class HearVoiceMessage:
    """The words of a voice message go into message and demand, and to the flow when it still waits for them."""

    at: datetime
    ticket_id: str
    interaction_id: str
    attachment_id: str
    message_id: str
    thread: ThreadStep
    last: bool
    """No other voice message of the ticket waits."""
    conversation: ExternalKey | None
    """It is open, and its flow goes on with the words."""
    expected_dialogue: int
    dialogue: str | None
    text: str
    content: str | None
    guesses: tuple[Guess, ...] = ()
    mentions: tuple[Mention, ...] = ()
    emergency: str | None = None
    line: str | None = None
    asked: Asked | None = None
    demand_taken: bool = False
    ends: Disposition | None = None
    answer: NewMessage | None = None
    callback: NewCallback | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The message's interaction and ticket, and the conversation that is open."""
        head = self.asked.head if self.asked is not None else None
        return Refs(
            tickets=(self.ticket_id, *((head,) if head else ())),
            interactions=(self.interaction_id,),
            conversation=self.conversation,
            thread=self.thread.key,
            writes_messages=True,
            calls=True,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``StaleVersion`` when the conversation has gone on."""
        at = self.at
        if self.conversation is not None:
            interaction = going_on(world, self.conversation, self.expected_dialogue)
            ticket = world.ticket(interaction.ticket_id)
        else:
            ticket = world.ticket(self.ticket_id)
            interaction = world.interaction(self.interaction_id, ticket)
        if self.asked is not None:
            self.asked.check(ticket)
        calls = OwedCalls(world, ticket, at)
        filling = Filling(ticket, more=self.conversation is not None or self.content is not None)
        filling.extend(self.content)
        filling.set("empty", ticket.empty and not self.content)
        seqs: tuple[int, ...] = ()
        if self.answer is not None:
            seqs = world.write((self.answer,), ticket, interaction, self.thread)
        interaction.step(self.dialogue)
        world.new_texts.append((interaction.interaction_id, self.message_id, self.text))
        world.attached(AttachmentUpdate(attachment_id=self.attachment_id, todo=None), ticket)
        filling.guess(self.guesses)
        filling.mention(self.mentions)
        if self.line is not None:
            filling.choose_line(self.line)
        if self.last:
            filling.set("prefill.pending", value=False)
        heard = AttachmentTranscribed(at=at, attachment_id=self.attachment_id, message_id=self.message_id)
        ticket.record(heard, filling.alteration)
        if self.asked is not None:
            self.asked.tell(world, ticket, at)
        ticket.raise_emergency(self.emergency, at, self.message_id)
        if self.demand_taken:
            ticket.record(DemandTaken(at=at))
        if self.ends is not None:
            ended = InteractionEnded(at=at, disposition=self.ends.value)
            world.end(interaction, ended)
            ticket.record(ended)
        calls.settle(interaction, callback=self.callback, served=self.ends is not None or self.last)
        return world.applied(ticket, interaction, seqs=seqs)


@dataclass(slots=True, kw_only=True)
class LoseAttachment:
    """It is not kept, or cannot be heard: the attachment says why, and its sender is asked for something else."""

    at: datetime
    ticket_id: str
    interaction_id: str
    attachment_id: str
    message_id: str
    thread: ThreadStep
    last: bool
    why: str
    answer: NewMessage
    trace: str | None = None

    def refs(self) -> Refs:
        """The message's interaction and ticket."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            thread=self.thread.key,
            writes_messages=True,
            calls=self.last,
        )

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, self.at)
        filling = Filling(ticket)
        if self.last:
            filling.set("prefill.pending", value=False)
        seqs = world.write((self.answer,), ticket, interaction, self.thread)
        world.attached(AttachmentUpdate(attachment_id=self.attachment_id, todo=None, error=self.why), ticket)
        event = AttachmentFailed(
            at=self.at, attachment_id=self.attachment_id, message_id=self.message_id, reason=self.why
        )
        ticket.record(event, filling.alteration)
        calls.settle(interaction, served=self.last)
        return world.applied(ticket, interaction, seqs=seqs)
