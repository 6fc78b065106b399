"""The command of somebody who does something about a call that is owed."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.callback_work import Work
from gateway.domain.case.replies import Replies
from gateway.domain.command import Applied, Refs
from gateway.domain.owed_calls import OwedCalls, check_work
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class WorkOnCallback:
    """Take it, try it, end it; ``ticket_id`` is one of the tickets that it is about."""

    ticket_id: str
    work: Work
    trace: str | None = None

    def refs(self) -> Refs:
        """The task, with every ticket that it is about."""
        return Refs(tickets=(self.ticket_id,), calls=True, callback=self.work.callback_id)

    def decide(self, world: World) -> Applied:
        """``skipped`` when the same person did the same already; see ``callback_work.worked``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        if check_work(world, self.work):
            return world.applied(ticket, skipped=True)
        calls = OwedCalls(world, ticket, self.work.at)
        calls.settle()
        calls.work(self.work)
        task = world.tasks[self.work.callback_id]
        for ticket_id in task.tickets:
            reasons = [one.reason for one in task.reasons if one.ticket_id == ticket_id]
            Replies(world.tickets[ticket_id], self.work.at, self.work.actor).called(self.work, reasons)
        return world.applied(ticket)
