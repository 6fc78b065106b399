"""The command of somebody who does something about a call that is owed."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.callback import ABOUT_A_REPLY, VISIT, Task
from gateway.domain.callback_work import DoneResult, Verb, Work
from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.replies import Replies, is_unreachable, newest
from gateway.domain.case.ticket_clocks import TicketClocks
from gateway.domain.command import Applied, Refs
from gateway.domain.ids import rfc3339
from gateway.domain.owed_calls import OwedCalls, check_work
from gateway.domain.ticket import Ticket
from gateway.domain.world import World
from gateway.errors import RejectedInput, VisitUnanswered


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

        ``VisitUnanswered`` for a 回访 that ends without saying what came of it: what they think of the reply, that they
        would not judge it, or that three calls at different hours were in vain. Its case could never be put away. One
        without a number to call is cancelled like any other.
        """
        work = self.work
        ticket = world.ticket(self.ticket_id, erased=True)
        if check_work(world, work):
            return world.applied(ticket, skipped=True)
        self._check(world, world.tasks[work.callback_id])
        calls = OwedCalls(world, ticket, work.at)
        calls.settle()
        calls.work(work)
        task = world.tasks[work.callback_id]
        for ticket_id in task.tickets:
            self._tell(world, ticket_id, frozenset(one.reason for one in task.reasons if one.ticket_id == ticket_id))
        return world.applied(ticket)

    def _check(self, world: World, task: Task) -> None:
        reasons = {one.reason for one in task.reasons}
        if self._ends_as(DoneResult.DECLINED):
            if reasons.isdisjoint(ABOUT_A_REPLY):
                raise RejectedInput("this call is about no reply that they could decline to judge")
            if self.satisfied is not None:
                raise RejectedInput("who declined has given no score: leave satisfied out, or result is reached")
        if VISIT in reasons and self._ends_as(DoneResult.REACHED) and self.satisfied is None:
            raise VisitUnanswered(
                "this call asks what they think of the reply: give satisfied, 1 to 5; or result declined, "
                "where they would not say"
            )
        asked = {one.ticket_id for one in task.reasons if one.reason == VISIT}
        for ticket in (world.tickets[one] for one in asked):
            if any(self._case(world, ticket).clocks.running(ClockKind.VISIT)):
                self._check_visit(world, ticket, task)

    def _check_visit(self, world: World, ticket: Ticket, task: Task) -> None:
        if self.work.verb == Verb.CANCEL and task.phone is not None:
            raise VisitUnanswered("this call asks what they think of the reply: say what came of it instead")
        reply = newest(ticket.form.handling)
        in_vain = [*reply.called_at, rfc3339(self.work.at)] if reply is not None else []
        if self._ends_as(DoneResult.NOT_REACHED) and not is_unreachable(in_vain, None, world.zone):
            raise VisitUnanswered("联系不上 takes three calls, each in another hour: record this one as an attempt")

    def _ends_as(self, result: DoneResult) -> bool:
        return self.work.verb == Verb.DONE and self.work.result == result

    def _case(self, world: World, ticket: Ticket) -> Case:
        return Case(ticket, self.work.at, self.work.actor, world.case_rules)

    def _tell(self, world: World, ticket_id: str, reasons: frozenset[str]) -> None:
        """What the call comes to for the reply of one of its tickets."""
        work, ticket = self.work, world.tickets[ticket_id]
        Replies(ticket, work.at, work.actor).called(work, reasons)
        answered = ticket.form.outcome.replied_at is not None and ticket.erased_at is None
        if not answered or reasons.isdisjoint(ABOUT_A_REPLY):
            return
        case = self._case(world, ticket)
        if self._ends_as(DoneResult.DECLINED):
            case.clocks.meet(case.clocks.running(ClockKind.VISIT))
        elif self.satisfied is not None and self._ends_as(DoneResult.REACHED):
            Closing(case, ticket, work.at, work.actor).evaluate(self.satisfied, "callback", work.note)
        elif VISIT in reasons and work.verb in {Verb.DONE, Verb.CANCEL}:
            self._in_vain(ticket, case.clocks)

    def _in_vain(self, ticket: Ticket, clocks: TicketClocks) -> None:
        """Nobody asks any more what they think of the reply, and they have not said."""
        waiting, reply = list(clocks.running(ClockKind.VISIT)), newest(ticket.form.handling)
        if waiting and reply is not None and self.work.verb == Verb.CANCEL:
            Replies(ticket, self.work.at, self.work.actor).uncallable(reply)
        clocks.stop(waiting)
