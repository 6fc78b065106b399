"""办件: a ticket's way through its units. A method checks, then records an event; ``Ticket.apply`` alters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.domain import task_status as states
from gateway.domain.case.answer import answer
from gateway.domain.case.centre_work import CentreWork
from gateway.domain.case.dispatch import DispatchStage
from gateway.domain.case.policy import ClockKind, UnreviewedReturn
from gateway.domain.case.stage import WITHIN
from gateway.domain.case.task_time import NO_WISH
from gateway.domain.events import (
    CaseDispatched,
    Event,
    TaskAccepted,
    TaskArrived,
    TaskCancelled,
    TaskLeads,
    TaskNoted,
    TaskOffered,
    TaskPictured,
    TaskReassigned,
    TaskReplied,
    TaskResponded,
    TaskReturnAsked,
    TaskReturned,
    TaskSentBack,
    TaskSigned,
    TaskUpheld,
)
from gateway.domain.form import Return, Routing, UnitTask, cloned
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.task_status import GONE, Role, TaskStatus, TaskVerb
from gateway.domain.ticket import LEAD, Alteration
from gateway.domain.words import Crossing
from gateway.errors import Conflict, StaleVersion

REASSIGNED = "handling.reassigned"
MOVES_LIMITS = frozenset({"demand.type", "demand.category", "demand.urgency"})
"""Record paths from which time limits follow."""
BY_UNIT = "unit"
"""Of a reply that went on to the requester as the unit gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A unit that is to have a task, by which rule."""

    task_id: str
    unit: str
    role: Role
    rule: str | None = None
    held: bool = False
    """首问负责: it was asked first."""


class Case(CentreWork):
    """What happens to the tasks of a ticket at one instant, done by somebody."""

    __slots__ = ()

    def dispatch(
        self,
        decided: CaseDispatched,
        offers: Iterable[Offer],
        steps: Iterable[Routing] = (),
        crossing: Crossing | None = None,
    ) -> None:
        """派单 to ``offers``, of which one leads where nobody does yet; it may be a unit that helped so far.

        ``Conflict``: it is answered or over, a unit has it already, or not exactly one unit would lead.
        """
        ticket = self._ticket
        if ticket.status not in WITHIN:
            raise Conflict(f"a ticket that is {ticket.status} cannot be dispatched")
        asked_first = decided.stage == DispatchStage.FIRST_ASKED
        offers = [replace(offer, held=asked_first and offer.role is Role.LEAD) for offer in offers]
        led, leads = self.led_by, sum(offer.role is Role.LEAD for offer in offers)
        if led is not None and leads:
            raise Conflict(f"{led} leads this ticket already; re-assign its task, or add units beside it")
        if led is None and leads != 1:
            raise Conflict("nobody leads this ticket: one unit has to, the others help")
        raised = {offer.unit: task for offer in offers if (task := self._helping(offer)) is not None}
        self._free(offer for offer in offers if offer.unit not in raised)
        told = Alteration(ticket)
        told.set("handling.undecided_since", None)
        self._crosses(told, crossing)
        decided.trace = self._traced(steps) or decided.trace
        ticket.record(decided, told)
        self.clocks.meet(self._own(ClockKind.DECIDE))
        self.clocks.stop(self._own(ClockKind.RESPOND))
        for offer in offers:
            if offer.unit in raised:
                self._lead_on(raised[offer.unit], held=offer.held)
            else:
                self._offer(offer, decided.directory)
        self.answerable()

    def _helping(self, offer: Offer) -> UnitTask | None:
        """The task of a unit that helped so far and is to lead. ``Conflict`` when it has finished."""
        mine = (one for one in self._ticket.form.handling.units if one.unit == offer.unit)
        task = next((one for one in mine if not states.is_gone(one.status)), None)
        if task is None or offer.role is not Role.LEAD:
            return None
        if TaskStatus(task.status) not in states.RUNNING:
            raise Conflict(f"{offer.unit} has finished: send its task back, then name it to lead")
        return task

    def _lead_on(self, task: UnitTask, *, held: bool) -> None:
        """协办改主办: what it has done and its limits stay as they are."""
        after = cloned(task)
        after.role, after.held, after.version = Role.LEAD.value, held, task.version + 1
        event = TaskLeads(at=self._at, actor=self._actor, task_id=task.task_id)
        self._leads(event, task.unit)
        self._record(event, task, after)

    def _leads(self, event: Event, unit: str | None) -> None:
        lead = self._ticket.form.handling.lead_unit
        if lead != unit:
            event.changed[LEAD] = [lead, unit]

    def _free(self, offers: Iterable[Offer]) -> None:
        busy = {one.unit for one in self._having()}
        if twice := next((one.unit for one in offers if one.unit in busy), None):
            raise Conflict(f"{twice} has this ticket already")

    def _offer(self, offer: Offer, directory: str | None, before: UnitTask | None = None) -> None:
        """``before``: the task of another unit that it takes the place of."""
        made = UnitTask(
            task_id=offer.task_id,
            unit=offer.unit,
            role=offer.role.value,
            status=TaskStatus.OFFERED.value,
            version=1,
            dispatched_at=rfc3339(self._at),
            held=offer.held,
        )
        event = TaskOffered(
            at=self._at,
            actor=self._actor,
            task_id=offer.task_id,
            unit=offer.unit,
            role=offer.role.value,
            rule=offer.rule,
            directory=directory,
        )
        if offer.role is Role.LEAD:
            self._leads(event, offer.unit)
        if before is not None:
            times = self._ticket.form.handling.reassigned
            event.changed[REASSIGNED] = [times, times + 1]
        self._record(event, None, made)
        urgent = self.rules.is_urgent(self._ticket.form)
        first = self.rules.policy.first(urgent=urgent)
        since = self._urgent_since() if urgent and before is None else self._at
        for kind, begun in ((first, since), (ClockKind.REPLY, self._at)):
            keeps = before if kind in self.rules.policy.keep_on_reassignment else None
            old = None if keeps is None else next(self.clocks.running(kind, task_id=keeps.task_id), None)
            if old is None:
                self.clocks.start(kind, task_id=offer.task_id, unit=offer.unit, since=begun)
            else:
                self.clocks.hand_over(old, task_id=offer.task_id, unit=offer.unit)

    def sign(self, task: UnitTask) -> None:
        """签收."""
        self._move(task, TaskVerb.SIGN, TaskSigned, signed_at=rfc3339(self._at))
        self._met(task, ClockKind.SIGN)

    def respond(self, task: UnitTask, note_id: str | None) -> None:
        """响应: who responds has signed."""
        now = rfc3339(self._at)
        first = {"signed_at": task.signed_at or now, "responded_at": task.responded_at or now}
        self._move(task, TaskVerb.RESPOND, TaskResponded, {"note_id": note_id}, **first)
        self._met(task, ClockKind.SIGN, ClockKind.RESPOND)

    def arrive(self, task: UnitTask, note_id: str | None) -> None:
        """到场: who is there has signed."""
        now = rfc3339(self._at)
        first = {"signed_at": task.signed_at or now, "arrived_at": task.arrived_at or now}
        self._move(task, TaskVerb.ARRIVE, TaskArrived, {"note_id": note_id}, **first)
        self._met(task, ClockKind.SIGN, ClockKind.RESPOND)

    def ask_return(self, task: UnitTask, reason: str, note_id: str | None, words: str | None) -> None:
        """退单. ``Conflict``: it was asked first (首问负责), or the centre did not follow this reason before (终审)."""
        if task.held:
            raise Conflict("your unit was asked first and keeps the matter; only the centre may take it away")
        if any(one.upheld and one.rule == reason for one in task.returns):
            raise Conflict("the centre has decided about this reason already: the task stays with your unit")
        self._move(task, TaskVerb.RETURN, TaskReturnAsked, {"reason": reason, "note_id": note_id})
        self.task(task.task_id).returns.append(Return(rfc3339(self._at), task.unit, reason, words))
        self._met(task, ClockKind.SIGN)
        self.clocks.start(ClockKind.REVIEW, task_id=task.task_id)

    def returned(self, task: UnitTask, *, by_silence: bool = False) -> None:
        """The centre follows the unit, or did not decide in time. Where nobody leads then, it has to say who does."""
        self._move(task, TaskVerb.ACCEPT, TaskReturned, {"by_silence": by_silence})
        self._reviewed(task, upheld=False)
        self.clocks.stop(self.clocks.running(task_id=task.task_id))
        if self.led_by is None:
            self.undecided("returned")
        self.answer_urgent()
        self.answerable()

    def uphold(self, task: UnitTask, note_id: str | None, *, by_silence: bool = False) -> None:
        """维持派单: final for the reason that the unit gave."""
        self._move(task, TaskVerb.UPHOLD, TaskUpheld, {"by_silence": by_silence, "note_id": note_id})
        self._reviewed(task, upheld=True)

    def _reviewed(self, task: UnitTask, *, upheld: bool) -> None:
        """The centre has decided about the return, where the unit had asked for one (``task``: as it was)."""
        if task.status == TaskStatus.RETURNING:
            returns = self.task(task.task_id).returns
            returns[-1] = replace(returns[-1], upheld=upheld, reviewed_at=rfc3339(self._at), reviewed_by=self._actor)
        self._met(task, ClockKind.REVIEW)

    def unreviewed(self, task: UnitTask) -> None:
        """The centre has not decided about a return in time: the policy says what that means."""
        if task.status == TaskStatus.RETURNING:
            if self.rules.policy.silence is UnreviewedReturn.RETURNED:
                self.returned(task, by_silence=True)
            else:
                self.uphold(task, None, by_silence=True)

    def reassign(self, task: UnitTask, to: Offer, reason: str, note_id: str | None, directory: str | None) -> None:
        """改派; what the first unit missed stays its own. ``Conflict`` when the other one has a task of it.

        ``StaleVersion``: what the unit is for the ticket has changed since somebody chose another one for that.
        """
        if to.role != task.role:
            raise StaleVersion(f"{task.unit} is {task.role} by now; read the task again and repeat your action")
        self._free((to,))
        about = {"to_task": to.task_id, "unit": to.unit, "reason": reason, "note_id": note_id}
        self._move(task, TaskVerb.REASSIGN, TaskReassigned, about)
        self._offer(to, directory, task)
        self._reviewed(task, upheld=False)
        self.clocks.stop(self.clocks.running(task_id=task.task_id))

    def reply(self, task: UnitTask, note_id: str, text: str | None = None, *, solved: bool) -> None:
        """答复: who replies has signed. Where nobody has to approve it, it is accepted at once.

        ``text``, its words: when the lead is the last who finishes they go on to the requester. Otherwise the centre
        answers them.
        """
        now = rfc3339(self._at)
        first = {"signed_at": task.signed_at or now, "replied_at": now}
        self._move(task, TaskVerb.REPLY, TaskReplied, {"note_id": note_id, "solved": solved}, **first)
        self._met(task, ClockKind.SIGN, ClockKind.RESPOND)
        self.clocks.resume(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))
        if self.rules.policy.approve_replies:
            self.clocks.pause(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))
            self.clocks.start(ClockKind.APPROVE, task_id=task.task_id)
            return
        self._accepted(self.task(task.task_id))
        if text is not None and task.role == Role.LEAD and self.finished():
            answer(self._ticket, self.clocks, at=self._at, actor=self._actor, note_id=note_id, text=text, by=BY_UNIT)
        else:
            self.answerable()

    def accept(self, task: UnitTask) -> None:
        """The centre takes the reply: the unit was in time when it gave it, not when somebody read it."""
        self._accepted(task)
        self.answerable()

    def _accepted(self, task: UnitTask) -> None:
        replied_at = from_rfc3339(task.replied_at) if task.replied_at else self._at
        self._move(task, TaskVerb.ACCEPT, TaskAccepted, accepted_at=rfc3339(self._at))
        self._met(task, ClockKind.APPROVE)
        self.clocks.meet(self.clocks.running(ClockKind.REPLY, task_id=task.task_id), replied_at)

    def send_back(self, task: UnitTask, reason: str, note_id: str | None) -> None:
        """退回重办: the unit has what was left when it replied; a reply that had been accepted has its limit anew.

        The time in which somebody read the reply counts for nobody.
        """
        about = {"reason": reason, "note_id": note_id}
        accepted = task.accepted_at is not None
        self._move(task, TaskVerb.SEND_BACK, TaskSentBack, about, replied_at=None, accepted_at=None)
        self._met(task, ClockKind.APPROVE)
        if accepted:
            self.clocks.start(ClockKind.REPLY, task_id=task.task_id, unit=task.unit)
        else:
            self.clocks.resume(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))
        self.answerable()

    def corrected(self) -> None:
        """The demand has become another: running clocks go by its limits. What was breached stays so.

        What is found to be urgent is answered at once, from registration on; what no longer is has only to be signed.
        """
        urgent = self.rules.is_urgent(self._ticket.form)
        gone, first = (ClockKind.SIGN, ClockKind.RESPOND) if urgent else (ClockKind.RESPOND, ClockKind.SIGN)
        begun = self._urgent_since() if urgent else self._at
        for task in list(self._ticket.form.handling.units):
            left = list(self.clocks.running(gone, task_id=task.task_id))
            self.clocks.stop(left)
            answered = task.responded_at or task.arrived_at or (task.signed_at and not urgent)
            status = TaskStatus(task.status)
            waits = (status in states.WITH_UNIT or (urgent and status is TaskStatus.RETURNING)) and not answered
            if waits and (left or urgent) and not any(self.clocks.running(first, task_id=task.task_id)):
                self.clocks.start(first, task_id=task.task_id, unit=task.unit, since=begun)
        self.answer_urgent()
        self.clocks.corrected()

    def cancel(self) -> None:
        """Nothing is to be done by any unit any more."""
        for task in list(self._ticket.form.handling.units):
            if TaskStatus(task.status) in states.RUNNING:
                self._alter(task, TaskCancelled, {}, status=TaskStatus.CANCELLED.value, **NO_WISH)
        self.clocks.stop(self.clocks.running())

    def note(self, task: UnitTask, note_id: str) -> None:
        """会商: the unit tells the others something. ``Conflict`` when the task is not its own any more."""
        self._there(task)
        event = TaskNoted(at=self._at, actor=self._actor, task_id=task.task_id, note_id=note_id)
        self._ticket.record(event)

    def picture(self, task: UnitTask, attachment_id: str, shows: str) -> None:
        """The unit shows the place. ``Conflict`` when the task is not its own any more."""
        self._there(task)
        event = TaskPictured(
            at=self._at, actor=self._actor, task_id=task.task_id, attachment_id=attachment_id, shows=shows
        )
        self._ticket.record(event)

    @staticmethod
    def _there(task: UnitTask) -> None:
        if TaskStatus(task.status) in GONE:
            raise Conflict(f"a task that is {task.status} takes in nothing more")
