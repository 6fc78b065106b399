"""The command of 派单: units get a ticket, by a decision that can be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case, Offer
from gateway.domain.command import Applied, Refs
from gateway.domain.events import CaseDispatched
from gateway.domain.world import World
from gateway.errors import RejectedInput


@dataclass(slots=True, kw_only=True)
class DispatchTicket:
    """``offers`` have the ticket from now on, exactly one of them as lead unless a lead has it already."""

    at: datetime
    actor: str
    ticket_id: str
    version: int | None = None
    offers: tuple[Offer, ...]
    stage: str
    rule: str | None = None
    steps: tuple[tuple[str, str], ...] = ()
    """(stage, rule) of each step of the decision."""
    directory: str
    policy: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when these units have it; ``NotFound``, ``StaleVersion``, ``Conflict``, ``RejectedInput``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        if not self.offers:
            raise RejectedInput("a dispatch names a unit")
        known = {one.task_id for one in ticket.form.handling.units}
        if known.issuperset(offer.task_id for offer in self.offers):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version, erased=True)
        decided = CaseDispatched(
            at=self.at,
            actor=self.actor,
            stage=self.stage,
            rule=self.rule,
            trace=[":".join(step) for step in self.steps],
            directory=self.directory,
            policy=self.policy,
        )
        Case(ticket, self.at, self.actor, world.case_rules).dispatch(decided, self.offers)
        return world.applied(ticket)
