"""The commands of a call's beginning: offered, answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.command import Applied, Refs
from gateway.domain.events import InteractionAnswered, InteractionStarted
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.world import NewTicket, World


@dataclass(slots=True, kw_only=True)
class OfferCall:
    """Ticket and interaction of a call; before they are committed nothing is answered."""

    at: datetime
    key: ExternalKey
    ticket: NewTicket
    interaction: Interaction
    trace: str | None = None

    @property
    def ticket_id(self) -> str:
        """The ticket's that is registered."""
        return self.ticket.ticket_id

    @property
    def interaction_id(self) -> str:
        """The call's."""
        return self.interaction.interaction_id

    def refs(self) -> Refs:
        """Who may be known, whether the call was offered before."""
        return Refs(seen=(self.key,), new_ticket_at=self.ticket.created_at, people=self.ticket.people)

    def decide(self, world: World) -> Applied:
        """A call that is offered again keeps its first ticket."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        started = InteractionStarted(at=self.at, flow=self.interaction.flow_name)
        ticket = world.register(self.ticket, self.at)
        interaction = world.begin(self.interaction, ticket, started)
        ticket.record(started)
        world.see((self.key,), ticket, interaction)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class AnswerCall:
    """The 200 OK has gone out, and the caller has acknowledged it."""

    at: datetime
    ticket_id: str
    interaction_id: str
    after_ms: int
    trace: str | None = None

    def refs(self) -> Refs:
        """The call and its ticket."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,))

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        event = InteractionAnswered(at=self.at, after_ms=self.after_ms)
        interaction.answer(event, self.at)
        ticket.record(event)
        return world.applied(ticket, interaction)
