"""The command of time: a clock is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.case.clock_moves import ClockFact
from gateway.domain.case.policy import ClockKind
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class FireClock:
    """A clock was found due at ``next_at``. What is due at another time by now, or met, is left alone."""

    at: datetime
    ticket_id: str
    clock_id: str
    next_at: datetime
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when nothing comes of it; ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
        change = case.clocks.fire(self.clock_id, self.next_at)
        told = {one.what for one in change.happened}
        if ClockFact.BREACHED in told and change.clock.kind is ClockKind.REVIEW and change.clock.task_id is not None:
            case.unreviewed(case.task(change.clock.task_id))
        return world.applied(ticket, skipped=not told)
