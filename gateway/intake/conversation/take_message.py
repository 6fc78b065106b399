"""The commands of one written message: taken into its conversation, or about one that is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.attachments import NewAttachment
from gateway.domain.callback import NewCallback
from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.command import Applied, Refs
from gateway.domain.events import (
    SYSTEM,
    DemandTaken,
    InteractionEnded,
    InteractionStarted,
    MessageReceived,
    MessageSent,
    ProgressAsked,
    TicketAddedTo,
    TicketRated,
    TicketUrged,
    TicketWithdrawn,
    WithdrawAsked,
)
from gateway.domain.filling import Filling
from gateway.domain.guess import Guess, Mention
from gateway.domain.intents import Intent
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage, ThreadStep
from gateway.domain.owed_calls import OwedCalls, touches_people
from gateway.domain.status import ANSWERED, NOT_BEGUN
from gateway.domain.ticket import Ticket
from gateway.domain.words import Disposition
from gateway.domain.world import NewTicket, World
from gateway.errors import StaleVersion

_ASKED: dict[Intent, type[ProgressAsked | TicketUrged | WithdrawAsked | TicketAddedTo]] = {
    Intent.PROGRESS: ProgressAsked,
    Intent.URGE: TicketUrged,
    Intent.IGNORED: TicketUrged,
    Intent.WITHDRAW: WithdrawAsked,
    Intent.ADDITION: TicketAddedTo,
}
"""The event that tells of a message about a ticket."""


NOT_DONE = frozenset({Intent.URGE, Intent.IGNORED, Intent.ADDITION})
"""What those who act must hear; of a ticket that was answered the centre decides whether it is to be done again."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """What a message wants of a ticket that is there; ``of`` another one than that of the open conversation."""

    intent: Intent
    withdrawn: bool = False
    of: str | None = None
    head: str | None = None
    """Where the ticket that is meant is handled, when that is another one: it hears of it, too."""
    merged: str | None = None
    """The ticket that is meant, when it went into ``head``."""

    def check(self, ticket: Ticket) -> None:
        """``StaleVersion`` when a unit has got the ticket meanwhile: what we answer is untrue then."""
        if self.withdrawn and ticket.status not in NOT_BEGUN:
            raise StaleVersion("the ticket has gone on; read it again")

    def tell(self, world: World, ticket: Ticket, at: datetime) -> None:
        """Record it."""
        if self.withdrawn:
            ticket.withdraw(TicketWithdrawn(at=at, of=self.of))
            Case(ticket, at, SYSTEM, world.case_rules).cancel()
            return
        ticket.record(_ASKED[self.intent](at=at, of=self.of))
        handled = ticket
        if self.head is not None and (handled := world.ticket(self.head, erased=True)) is not ticket:
            handled.record(_ASKED[self.intent](at=at, of=self.merged))
        if self.intent in NOT_DONE and handled.status in ANSWERED:
            case = Case(handled, at, SYSTEM, world.case_rules)
            Closing(case, handled, at, SYSTEM).dissatisfied(None, self.merged)


@dataclass(slots=True, kw_only=True)
class Rated:
    """What a rating says."""

    channel: str
    satisfied: int
    comment: str | None = None

    def tell(self, world: World, ticket: Ticket, at: datetime) -> None:
        """Record it: of the reply that was given last, or, before there is one, of how the contact went.

        ``NotJudged`` when that reply is not judged any more.
        """
        if ticket.form.outcome.replied_at is None:
            ticket.rate(TicketRated(at=at, satisfied=self.satisfied), self.channel, self.comment)
        else:
            case = Case(ticket, at, SYSTEM, world.case_rules)
            Closing(case, ticket, at, SYSTEM).judge(self.satisfied, self.channel, self.comment)


@dataclass(slots=True, kw_only=True)
class Inbound:
    """A message of the person as the record keeps it, with what came along and what we answer at once."""

    key: ExternalKey
    message_id: str
    kind: str
    event: str | None = None
    codes: dict[str, Any] = field(default_factory=dict)
    """The channel's own codes of the event."""
    incomplete: bool = False
    thread: ThreadStep
    messages: tuple[NewMessage, ...]
    attachments: tuple[NewAttachment, ...] = ()
    guesses: tuple[Guess, ...] = ()
    emergency: str | None = None
    rated: Rated | None = None

    def received(self, at: datetime) -> MessageReceived:
        """The event that tells of it."""
        return MessageReceived(
            at=at,
            message_id=self.message_id,
            kind=self.kind,
            event=self.event,
            incomplete=self.incomplete,
            codes=self.codes,
        )

    def tell_fetched(self, ticket: Ticket, at: datetime) -> None:
        """What the outbox tells of messages that it sends: these the person's client fetches itself."""
        for message in self.messages:
            if message.queue is not None and message.queue.taken:
                ticket.record(MessageSent(at=at, message_id=message.message_id))


@dataclass(slots=True, kw_only=True)
class TakeMessage:
    """A message within a written conversation, or one that opens it: with a ticket of its own, or on one that is there.

    The flow's step and our answers are committed with it.
    """

    at: datetime
    inbound: Inbound
    conversation: ExternalKey
    expected_dialogue: int | None
    """How often the open conversation's dialogue must have been written (0: none is open)."""
    ticket: NewTicket | None = None
    known_ticket: str | None = None
    """The ticket on which a conversation opens, instead of a new one."""
    interaction: Interaction
    previous: str | None = None
    """The person's interaction before it."""
    content: str | None = None
    """What of the message belongs to the demand."""
    mentions: tuple[Mention, ...] = ()
    line: str | None = None
    pending: bool = False
    """The words of a voice message are still to come."""
    dialogue: str
    ends: Disposition | None = None
    demand_taken: bool = False
    asked: Asked | None = None
    callback: NewCallback | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The conversation, its ticket or the known one, who may be known, the thread."""
        new = self.ticket
        return Refs(
            tickets=tuple(one for one in (self.known_ticket, self.asked and self.asked.head) if one),
            conversation=self.conversation,
            seen=(self.inbound.key,),
            new_ticket_at=new.created_at if new is not None else None,
            people=new.people if new is not None else (),
            thread=self.inbound.thread.key,
            writes_messages=True,
            calls=True,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``StaleVersion`` when the conversation has gone on; ``Conflict`` when its key had another body before."""
        inbound, at = self.inbound, self.at
        if (seen := world.replayed(inbound.key)) is not None:
            return seen
        interaction = world.conversation(self.conversation)
        check_dialogue(interaction, self.expected_dialogue)
        joined = interaction is not None
        started = InteractionStarted(at=at, flow=self.interaction.flow_name, previous=self.previous)
        ticket = self._ticket(world, interaction)
        if interaction is None:
            interaction = world.begin(self.interaction, ticket, started)
        calls = OwedCalls(world, ticket, at)
        filling = Filling(ticket, more=joined or (self.ticket is None and self.content is not None))
        if self.ticket is None:
            filling.extend(self.content)
            filling.set("empty", ticket.empty and not self.content)
        elif joined:
            filling.join(self.ticket)
        seqs = world.write(inbound.messages, ticket, interaction, inbound.thread)
        interaction.step(self.dialogue)
        world.attach(inbound.attachments, ticket, interaction)
        filling.guess(inbound.guesses)
        filling.mention(self.mentions)
        if self.line is not None:
            filling.choose_line(self.line)
        if self.pending:
            filling.set("prefill.pending", value=True)
        if not joined:
            ticket.record(started)
        ticket.record(inbound.received(at), filling.alteration)
        if self.asked is not None:
            self.asked.tell(world, ticket, at)
        ticket.raise_emergency(inbound.emergency, at, inbound.message_id)
        if self.demand_taken:
            ticket.record(DemandTaken(at=at))
        if inbound.rated is not None:
            inbound.rated.tell(world, ticket, at)
        if self.ends is not None:
            ended = InteractionEnded(at=at, disposition=self.ends.value)
            world.end(interaction, ended)
            ticket.record(ended)
        inbound.tell_fetched(ticket, at)
        calls.settle(interaction, callback=self.callback, served=self.ends is not None)
        world.see((inbound.key,), ticket, interaction)
        return world.applied(ticket, interaction, seqs=seqs)

    def _ticket(self, world: World, interaction: Interaction | None) -> Ticket:
        if interaction is None and self.ticket is not None:
            return world.register(self.ticket, self.at, empty=not self.content)
        ticket = world.ticket(interaction.ticket_id if interaction is not None else self.known_ticket or "")
        if self.asked is not None:
            self.asked.check(ticket)
        return ticket


@dataclass(slots=True, kw_only=True)
class TakeBeside:
    """An event or thanks about the person's last interaction while no conversation is open."""

    at: datetime
    inbound: Inbound
    ticket_id: str
    interaction_id: str
    content: str | None = None
    """What of it belongs to the demand: an edited text."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The interaction and its ticket."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            seen=(self.inbound.key,),
            thread=self.inbound.thread.key,
            writes_messages=True,
            calls=touches_people([guess.path for guess in self.inbound.guesses]),
        )

    def decide(self, world: World) -> Applied:
        """``Conflict`` when its key had another body before."""
        inbound, at = self.inbound, self.at
        if (seen := world.replayed(inbound.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, at)
        filling = Filling(ticket, more=self.content is not None)
        if self.content is not None:
            filling.extend(self.content)
            filling.set("empty", ticket.empty and not self.content)
        seqs = world.write(inbound.messages, ticket, interaction, inbound.thread)
        world.attach(inbound.attachments, ticket, interaction)
        filling.guess(inbound.guesses)
        ticket.record(inbound.received(at), filling.alteration)
        ticket.raise_emergency(inbound.emergency, at, inbound.message_id)
        if inbound.rated is not None:
            inbound.rated.tell(world, ticket, at)
        inbound.tell_fetched(ticket, at)
        calls.settle(interaction)
        world.see((inbound.key,), ticket, interaction)
        return world.applied(ticket, interaction, seqs=seqs)


@dataclass(slots=True, kw_only=True)
class CloseConversation:
    """Nobody writes any more (``idle``), or its person goes on about another matter (``left``)."""

    at: datetime
    ticket_id: str
    interaction_id: str
    disposition: Disposition
    idle: bool = False
    left: bool = False
    trace: str | None = None

    def refs(self) -> Refs:
        """The interaction and its ticket."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,), calls=True)

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is closed."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        if not interaction.open:
            return world.applied(ticket, interaction, skipped=True)
        calls = OwedCalls(world, ticket, self.at)
        event = InteractionEnded(at=self.at, disposition=self.disposition.value, idle=self.idle, left=self.left)
        world.end(interaction, event)
        ticket.record(event)
        calls.settle(interaction, served=True)
        return world.applied(ticket, interaction)


def going_on(world: World, conversation: ExternalKey, expected: int) -> Interaction:
    """The open conversation, when its dialogue stands where it was seen; ``StaleVersion``."""
    found = world.conversation(conversation)
    check_dialogue(found, expected)
    if found is None:
        raise StaleVersion("the conversation has gone on; read it again")
    return found


def check_dialogue(interaction: Interaction | None, expected: int | None) -> None:
    """``StaleVersion`` unless the dialogue was written ``expected`` times (0: none is open; None: not looked at)."""
    if expected is None:
        return
    found = interaction.dialogue_no if interaction is not None else 0
    if found != expected or (interaction is None) != (expected == 0):
        raise StaleVersion("the conversation has gone on; read it again")
