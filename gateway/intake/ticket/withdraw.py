"""The command of 诉求人撤回, told to a person at the desk or to a client of the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.command import Applied, Refs
from gateway.domain.events import TicketWithdrawn
from gateway.domain.status import Status
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class WithdrawTicket:
    """The requester takes the ticket back. Repeating changes nothing."""

    at: datetime
    actor: str
    ticket_id: str
    version: int
    reason: str
    """A code: requester_asked, settled, by_mistake."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is withdrawn; ``StaleVersion``, ``Conflict`` (``Ticket.withdraw``), ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        if ticket.status is Status.WITHDRAWN:
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version, erased=True)
        ticket.withdraw(TicketWithdrawn(at=self.at, actor=self.actor, reason=self.reason))
        Case(ticket, self.at, self.actor, world.case_rules).cancel()
        return world.applied(ticket)
