"""The command by which nothing is left to be done about a ticket that is being erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.command import Applied, Refs
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class EndCase:
    """What runs for it stops: nobody could do what it waits for without words of its person."""

    at: datetime
    actor: str
    ticket_id: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when nothing runs; ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        before = ticket.event_seq
        Case(ticket, self.at, self.actor, world.case_rules).cancel()
        return world.applied(ticket, skipped=ticket.event_seq == before)
