"""The command by which a ticket waits in the centre's queue until somebody gives it to a unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class AwaitDispatch:
    """What its person had to say is said: from now on the centre has the time of ``decide`` to give it out.

    What is urgent it has from registration on, by ``respond``; also where nobody knew then that it is.
    """

    at: datetime
    ticket_id: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when it waits already, or for nobody here; ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        before = ticket.event_seq
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
        case.answer_urgent()
        case.give_out()
        return world.applied(ticket, skipped=ticket.event_seq == before)
