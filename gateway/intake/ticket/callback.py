"""The command of somebody who does something about a call that is owed."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.callback import ABOUT_A_REPLY, VISIT, Task
from gateway.domain.callback_work import DoneResult, Verb, Work
from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.case.replies import Replies
from gateway.domain.command import Applied, Refs
from gateway.domain.owed_calls import OwedCalls, check_work
from gateway.domain.world import World
from gateway.errors import RejectedInput


@dataclass(slots=True, kw_only=True)
class WorkOnCallback:
    """Take it, try it, end it; ``ticket_id`` is one of the tickets that it is about.

    ``satisfied``: what the person said of the reply, 1 to 5; ``work.note`` are their words then.
    """

    ticket_id: str
    work: Work
    satisfied: int | None = None
    trace: str | None = None

    def refs(self) -> Refs:
        """The task, with every ticket that it is about."""
        return Refs(tickets=(self.ticket_id,), calls=True, callback=self.work.callback_id)

    def decide(self, world: World) -> Applied:
        """``skipped`` when the same person did the same already; see ``callback_work.worked``.

        ``RejectedInput`` for a 回访 that reached somebody and does not say what they think.
        """
        work = self.work
        ticket = world.ticket(self.ticket_id, erased=True)
        if check_work(world, work):
            return world.applied(ticket, skipped=True)
        self._check(world.tasks[work.callback_id])
        calls = OwedCalls(world, ticket, work.at)
        calls.settle()
        calls.work(work)
        task = world.tasks[work.callback_id]
        for ticket_id in task.tickets:
            self._tell(world, ticket_id, frozenset(one.reason for one in task.reasons if one.ticket_id == ticket_id))
        return world.applied(ticket)

    def _check(self, task: Task) -> None:
        asks = any(reason.reason == VISIT for reason in task.reasons)
        if asks and self._reached and self.satisfied is None:
            raise RejectedInput("this call asks what they think of the reply: give satisfied, 1 to 5")

    @property
    def _reached(self) -> bool:
        return self.work.verb == Verb.DONE and self.work.result == DoneResult.REACHED

    def _tell(self, world: World, ticket_id: str, reasons: frozenset[str]) -> None:
        """What the call comes to for the reply of one of its tickets."""
        work, ticket = self.work, world.tickets[ticket_id]
        Replies(ticket, work.at, work.actor).called(work, reasons)
        answered = ticket.form.outcome.replied_at is not None and ticket.erased_at is None
        if self.satisfied is not None and self._reached and answered and not reasons.isdisjoint(ABOUT_A_REPLY):
            case = Case(ticket, work.at, work.actor, world.case_rules)
            Closing(case, ticket, work.at, work.actor).evaluate(self.satisfied, "callback", work.note)
