"""The commands of a call while it lasts: what is said in it, what the caller chooses and asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.callback import NewCallback
from gateway.domain.command import Applied, Refs
from gateway.domain.events import CallbackRequested, DemandTaken, LineChosen, SegmentHeard, TranscriptCompleted
from gateway.domain.filling import Filling
from gateway.domain.guess import Guess, Mention
from gateway.domain.messages import NewMessage, ThreadStep
from gateway.domain.owed_calls import OwedCalls, taken_back, touches_people
from gateway.domain.transcript import NewSegment
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class HearSegment:
    """The requester said something: its words, and what everything that they said fills."""

    at: datetime
    ticket_id: str
    interaction_id: str
    seq: int
    language: str | None
    segments: tuple[NewSegment, ...]
    empty: bool
    """Nothing was said yet but that somebody is there."""
    guesses: tuple[Guess, ...] = ()
    mentions: tuple[Mention, ...] = ()
    emergencies: tuple[str, ...] = ()
    """Numbers to be called that were not told before."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            transcript=True,
            calls=touches_people([guess.path for guess in self.guesses]),
        )

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, self.at)
        filling = Filling(ticket)
        world.say(interaction, self.segments)
        filling.guess(self.guesses)
        filling.mention(self.mentions)
        filling.set("empty", self.empty)
        ticket.record(SegmentHeard(at=self.at, seq=self.seq, language=self.language), filling.alteration)
        for number in self.emergencies:
            ticket.raise_emergency(number, self.at)
        calls.settle(interaction)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class ChooseLine:
    """The caller chose a line."""

    at: datetime
    ticket_id: str
    interaction_id: str
    line: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, with what its person is owed."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,), calls=True)

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, self.at)
        filling = Filling(ticket)
        filling.choose_line(self.line)
        ticket.record(LineChosen(at=self.at, line=self.line), filling.alteration)
        calls.settle(interaction)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class TakeDemand:
    """A demand has been taken down; its number is about to be read out, and texted where ``text`` says so."""

    at: datetime
    ticket_id: str
    interaction_id: str
    text: NewMessage | None = None
    thread: ThreadStep | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, and whose thread the text is written to."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            thread=self.thread.key if self.thread is not None else None,
            writes_messages=self.text is not None,
        )

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        if self.text is not None:
            world.write((self.text,), ticket, interaction, self.thread)
        ticket.record(DemandTaken(at=self.at))
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class RequestCallback:
    """The caller asked for a person: they are owed a call."""

    at: datetime
    ticket_id: str
    interaction_id: str
    callback: NewCallback
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, with what its person is owed."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,), calls=True, owes=True)

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, self.at)
        false = taken_back(world, interaction, None)
        filling = Filling(ticket)
        filling.set("empty", value=False)
        ticket.record(CallbackRequested(at=self.at, reason=self.callback.reason), filling.alteration)
        calls.settle(interaction, callback=self.callback, false=false)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class CompleteTranscript:
    """Everything said is in the transcript, from the call itself or, ``caught_up``, from its recording."""

    at: datetime
    ticket_id: str
    interaction_id: str
    heard: int
    """Pieces of the requester's speech in all."""
    segments: tuple[NewSegment, ...] = ()
    empty: bool | None
    """None: as the call's end left it."""
    guesses: tuple[Guess, ...] = ()
    mentions: tuple[Mention, ...] = ()
    not_understood: bool | None = None
    caught_up: bool = False
    late_s: float | None = None
    emergencies: tuple[str, ...] = ()
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, with what its person is owed."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,), transcript=True, calls=True)

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        calls = OwedCalls(world, ticket, self.at)
        filling = Filling(ticket)
        world.say(interaction, self.segments)
        filling.guess(self.guesses)
        filling.mention(self.mentions)
        filling.set("prefill.pending", value=False)
        if self.empty is not None:
            filling.set("empty", self.empty)
        event = TranscriptCompleted(
            at=self.at,
            segments=self.heard,
            not_understood=self.not_understood,
            caught_up=self.caught_up,
            late_s=self.late_s,
        )
        ticket.record(event, filling.alteration)
        for number in self.emergencies:
            ticket.raise_emergency(number, self.at)
        calls.settle(interaction, served=True)
        return world.applied(ticket, interaction)
