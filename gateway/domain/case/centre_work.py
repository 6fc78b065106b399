"""What the centre owes a case: to give it out while no unit has it, to answer its requester when every unit is done.

Each has a clock of the ticket itself, so that an open case is always somebody's, with a limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from gateway.domain.case.clock import CaseClock
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.stage import WITHIN, stage
from gateway.domain.case.task_time import TaskTime
from gateway.domain.events import CaseUndecided
from gateway.domain.form import Routing, UnitTask
from gateway.domain.ids import rfc3339
from gateway.domain.status import NOT_BEGUN, Status, moved
from gateway.domain.task_status import Role, TaskStatus, is_gone
from gateway.domain.ticket import Alteration
from gateway.domain.words import Crossing
from gateway.errors import Conflict

_UNANSWERED = WITHIN - {Status.HANDLING}
"""A case system may have given it to somebody, who has not begun."""


class CentreWork(TaskTime):
    """What the centre has to do at one instant about a ticket that no unit acts on."""

    __slots__ = ()

    @property
    def led_by(self) -> str | None:
        """The unit that leads; None: nobody does."""
        return next((one.unit for one in self._having() if one.role == Role.LEAD), None)

    def undecided(
        self,
        reason: str,
        steps: Iterable[Routing] = (),
        candidates: Iterable[str] = (),
        crossing: Crossing | None = None,
    ) -> None:
        """The centre has to say who acts, in the time that the policy gives it. Nothing changes if it has to already.

        ``steps``: of the decision that came to nothing; ``candidates``: the units that it found; ``crossing``: what
        the centre has stated of their duties.
        """
        if self._ticket.form.handling.undecided_since is not None:
            return
        if self._ticket.status not in WITHIN:
            raise Conflict(f"a ticket that is {self._ticket.status} cannot be dispatched")
        told = Alteration(self._ticket)
        told.set("handling.undecided_since", rfc3339(self._at))
        self._crosses(told, crossing)
        units = self._ticket.form.handling.units
        after = stage(self._ticket.status, units, classified=True) if units else Status.CLASSIFIED
        told.set("status", moved(self._ticket.status, after))
        event = CaseUndecided(at=self._at, actor=self._actor, reason=reason, candidates=list(candidates))
        event.trace = self._traced(steps)
        self._ticket.record(event, told)
        self.clocks.meet(self._own(ClockKind.DECIDE))
        self.clocks.start(ClockKind.DECIDE)
        self.answer_urgent()

    def _traced(self, steps: Iterable[Routing]) -> list[str]:
        """The record shows ``steps`` instead of those of the decision before; as events tell them."""
        if shown := list(steps):
            self._ticket.form.handling.routing_trace = shown
        return [f"{step.stage}:{step.rule}" for step in shown]

    @staticmethod
    def _crosses(told: Alteration, crossing: Crossing | None) -> None:
        if crossing is not None:
            told.set("handling.crossing", crossing.value)

    def give_out(self) -> None:
        """It waits for somebody to give it to a unit: it has a clock until then, unless it has one already."""
        if self._nobodys(NOT_BEGUN) and not any((*self._own(ClockKind.RESPOND), *self._own(ClockKind.DECIDE))):
            self.clocks.start(ClockKind.DECIDE)

    def answer_urgent(self) -> None:
        """速派即办: while no unit has what is answered at once, the centre has it, from its registration on."""
        waiting = list(self._own(ClockKind.RESPOND))
        if not self._nobodys(_UNANSWERED) or not self.rules.is_urgent(self._ticket.form) or self._responded():
            self.clocks.stop(waiting)
            if waiting:
                self.give_out()
        elif not waiting:
            self.clocks.start(ClockKind.RESPOND, since=self._urgent_since())

    def _nobodys(self, statuses: Collection[Status]) -> bool:
        """Whether no unit has it, while it is one of ``statuses`` and is to be given out here."""
        waits = self._ticket.status in statuses and not self._ticket.empty
        return self.rules.policy.gives_out and waits and not any(self._having())

    def _responded(self) -> bool:
        """Whether somebody has seen to it before: a unit, or whoever answered it or closed it."""
        handling = self._ticket.form.handling
        answered = self._ticket.form.outcome.replied_at is not None or handling.reopened > 0
        return answered or any(one.responded_at or one.arrived_at for one in handling.units)

    def _urgent_since(self) -> datetime:
        """From when a response is counted: registration; from now on, where somebody has responded or was too late.

        Nobody inherits a breach.
        """
        before = [one for one in self._ticket.form.handling.clocks if one.kind == ClockKind.RESPOND]
        over = any(one.breached_at is not None or one.met_at is not None for one in before)
        return self._at if over or self._responded() else self._ticket.created_at

    def answerable(self) -> None:
        """Every unit has finished, and one led: the centre answers the requester, in time."""
        waiting, there = list(self._own(ClockKind.ANSWER)), list(self._having())
        done = self._ticket.status in WITHIN and self.led_by is not None and _all_accepted(there)
        if not done:
            self.clocks.stop(waiting)
        elif not waiting:
            self.clocks.start(ClockKind.ANSWER)

    def finished(self) -> bool:
        """Whether every unit has finished."""
        return _all_accepted(list(self._having()))

    def unmerged(self) -> None:
        """It is one of its own again: the units that had it lost it when it was merged, so the centre decides anew.

        What only waited to be given out waits again.
        """
        handling = self._ticket.form.handling
        undecided = handling.routing_trace or handling.reopened
        if self._ticket.status in WITHIN and self.led_by is None:
            if handling.units or (undecided and self._ticket.status is Status.CLASSIFIED):
                self.undecided("unmerged")
            else:
                self.answer_urgent()
                self.give_out()
        self.answerable()

    def _having(self) -> Iterator[UnitTask]:
        return (one for one in self._ticket.form.handling.units if not is_gone(one.status))

    def _own(self, kind: ClockKind) -> Iterator[CaseClock]:
        """Those of the ticket itself that have not ended."""
        return (clock for clock in self.clocks.running(kind) if clock.task_id is None)


def _all_accepted(tasks: list[UnitTask]) -> bool:
    return bool(tasks) and all(one.status == TaskStatus.ACCEPTED for one in tasks)
