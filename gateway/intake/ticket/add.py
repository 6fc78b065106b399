"""The command of an addition to a ticket that is there, in an interaction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.command import Applied, Refs
from gateway.domain.events import MessageReceived
from gateway.domain.filling import Filling
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class AddToTicket:
    """Somebody who handed a contact over says more about it."""

    at: datetime
    actor: str
    key: ExternalKey
    ticket_id: str
    interaction: Interaction
    message: NewMessage
    reported_status: str | None = None
    """What the other system says of it."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and whether the addition came before."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,))

    def decide(self, world: World) -> Applied:
        """``Conflict`` when the addition came before with another text."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        received = MessageReceived(
            at=self.at,
            actor=self.actor,
            channel=self.interaction.channel,
            addition=True,
            reported_status=self.reported_status,
        )
        interaction = world.begin(self.interaction, ticket, received)
        filling = Filling(ticket, more=True)
        filling.extend(self.message.text)
        filling.set("empty", value=False)
        world.write((self.message,), ticket, interaction)
        ticket.record(received, filling.alteration)
        world.see((self.key,), ticket, interaction)
        return world.applied(ticket, interaction)
