"""The command of a requester who judges a reply by telephone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class RateReply:
    """评价 of the reply that was given last, 1 to 5, by ``channel``."""

    at: datetime
    ticket_id: str
    satisfied: int
    channel: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``Conflict`` when nothing was replied; ``NotFound``, ``AlreadyErased``."""
        ticket = world.ticket(self.ticket_id)
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
        Closing(case, ticket, self.at, SYSTEM).evaluate(self.satisfied, self.channel, None)
        return world.applied(ticket)
