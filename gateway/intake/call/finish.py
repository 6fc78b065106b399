"""The commands of a call's end: closed by its owner, or by recovery in an owner's place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.callback import NewCallback
from gateway.domain.command import Applied, Refs
from gateway.domain.events import InteractionEnded
from gateway.domain.filling import Filling
from gateway.domain.interaction import Recording
from gateway.domain.owed_calls import OwedCalls, taken_back
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class EndCall:
    """The call is over, says its owner.

    Where recovery closed it in between, because the owner was out of reach, this takes its place, and the call that
    recovery said is owed is not, or is for this command's reason.
    """

    at: datetime
    ticket_id: str
    interaction_id: str
    owner: str | None
    disposition: Disposition
    segments: tuple[NewSegment, ...] = ()
    empty: bool
    dtmf: tuple[str, ...] = ()
    recording: Recording | None = None
    media: bool | None = None
    callback: NewCallback | None = None
    lease_until: datetime
    """Until then its owner waits for the last words."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, with what its person is owed."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            transcript=bool(self.segments),
            calls=True,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is closed, but by recovery."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        if not interaction.open and not (self.owner is not None and interaction.closed_by_recovery):
            return world.applied(ticket, interaction, skipped=True)
        calls = OwedCalls(world, ticket, self.at)
        false = taken_back(world, interaction, self.owner)
        world.say(interaction, self.segments)
        interaction.dtmf = list(self.dtmf)
        interaction.record(self.recording)
        interaction.lease_until = self.lease_until
        event = InteractionEnded(at=self.at, disposition=self.disposition.value, media=self.media)
        world.end(interaction, event)
        filling = Filling(ticket)
        filling.set("empty", self.empty)
        ticket.record(event, filling.alteration)
        calls.settle(interaction, callback=self.callback, false=false, served=True)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class InterruptCall:
    """Nobody owns the call any more: closed by recovery, with what its recording tells."""

    at: datetime
    ticket_id: str
    interaction_id: str
    disposition: Disposition
    answered_at: datetime | None
    ended_at: datetime
    recording: Recording | None
    callback: NewCallback | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket, with what its person is owed."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,),
            calls=True,
            owes=self.callback is not None,
        )

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is closed."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        if not interaction.open:
            return world.applied(ticket, interaction, skipped=True)
        calls = OwedCalls(world, ticket, self.at)
        interaction.record(self.recording)
        interaction.owner = None
        event = InteractionEnded(at=self.at, disposition=self.disposition.value, recovered=True)
        world.end(interaction, event, self.ended_at, self.answered_at)
        filling = Filling(ticket)
        if self.recording is None:
            filling.set("prefill.pending", value=False)
        ticket.record(event, filling.alteration)
        calls.settle(interaction, callback=self.callback, served=True)
        return world.applied(ticket, interaction)
