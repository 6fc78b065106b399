"""A unit's task and the time that it has: more of it, and pauses, of its own or asked of the centre. 延期, 暂停."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.domain import task_status as states
from gateway.domain.case import clock_moves
from gateway.domain.case.clock import CaseClock, WhyMoved
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.case.stage import WITHIN, stage
from gateway.domain.case.ticket_clocks import TicketClocks
from gateway.domain.events import (
    Event,
    TaskExtended,
    TaskExtensionAsked,
    TaskExtensionRefused,
    TaskPauseAsked,
    TaskPaused,
    TaskPauseRefused,
    TaskResumed,
)
from gateway.domain.form import UnitTask, cloned
from gateway.domain.form_items import changed
from gateway.domain.ids import rfc3339
from gateway.domain.status import moved
from gateway.domain.task_status import TaskStatus, TaskVerb
from gateway.domain.ticket import Ticket
from gateway.errors import Conflict, NotFound, RejectedInput, StaleVersion

NO_WISH = {"asked_until": None, "asked_pause": None}
"""Of a task: its unit waits for no word of the centre about its time."""
_ENDS_WISHES = frozenset({TaskVerb.REPLY, TaskVerb.RETURN, TaskVerb.REASSIGN})


def wishes(task: UnitTask) -> bool:
    """Whether its unit has asked for more time or a pause, which nobody has decided about."""
    return task.asked_until is not None or task.asked_pause is not None


class TaskTime:
    """What happens to the time of the tasks of ``ticket`` at one instant, done by ``actor``."""

    __slots__ = ("_actor", "_at", "_ticket", "clocks", "rules")

    def __init__(self, ticket: Ticket, at: datetime, actor: str, rules: CaseRules) -> None:
        """Nothing happens yet."""
        self._ticket, self._at, self._actor, self.rules = ticket, at, actor, rules
        self.clocks = TicketClocks(ticket, at, actor, rules)

    def task(self, task_id: str, version: int | None = None) -> UnitTask:
        """``NotFound``; ``StaleVersion`` when the task is not at ``version``."""
        found = next((one for one in self._ticket.form.handling.units if one.task_id == task_id), None)
        if found is None:
            raise NotFound(f"the ticket has no task {task_id}")
        if version is not None and found.version != version:
            raise StaleVersion(f"the task is at version {found.version}; read it again and repeat your action")
        return found

    def ask_extension(self, task: UnitTask, until: datetime, reason: str, note_id: str | None) -> None:
        """延期 that the centre has to grant; a later wish takes the place of the one before.

        ``Conflict``, ``RejectedInput`` as in ``extend``; ``Conflict`` while a pause is asked for.
        """
        self._may(task, TaskVerb.EXTEND)
        self._extendable(task, until)
        if task.asked_pause is not None:
            raise Conflict("the unit has asked for a pause: the centre has to decide about that first")
        about = {"until": rfc3339(until), "reason": reason, "note_id": note_id}
        self._wish(task, TaskExtensionAsked, about, asked_until=rfc3339(until))

    def ask_pause(self, task: UnitTask, reason: str, note_id: str | None) -> None:
        """暂停 that the centre has to grant: time counts until then. ``Conflict`` while another wish is open."""
        self._may(task, TaskVerb.PAUSE)
        if task.asked_pause is not None or task.asked_until is not None:
            raise Conflict("the unit has asked for time already: the centre has to decide about that first")
        self._wish(task, TaskPauseAsked, {"reason": reason, "note_id": note_id}, asked_pause=reason)

    def refuse(self, task: UnitTask, note_id: str | None) -> None:
        """The limit stays, and runs. ``Conflict`` when the unit has not asked for more time or a pause."""
        if not wishes(task):
            raise Conflict("the unit has not asked for more time or a pause")
        kind = TaskExtensionRefused if task.asked_pause is None else TaskPauseRefused
        self._alter(task, kind, {"note_id": note_id}, **NO_WISH)
        self._met(task, ClockKind.APPROVE)

    def _wish(self, task: UnitTask, kind: type[Any], about: dict[str, Any], **values: Any) -> None:
        self._alter(task, kind, about, **values)
        if not any(self.clocks.running(ClockKind.APPROVE, task_id=task.task_id)):
            self.clocks.start(ClockKind.APPROVE, task_id=task.task_id)

    def _granted(self, task: UnitTask, wish: str | None) -> None:
        if wish is not None:
            self._met(task, ClockKind.APPROVE)

    def extend(self, task: UnitTask, until: datetime, reason: str | None, note_id: str | None) -> None:
        """延期. ``Conflict`` when the limit has passed already, no time is won, or it was extended as often as may be.

        ``RejectedInput`` for more time than the policy allows.
        """
        clocks = self._extendable(task, until)
        about = {"until": rfc3339(until), "reason": reason, "note_id": note_id}
        self._move(task, TaskVerb.EXTEND, TaskExtended, about, asked_until=None, **self._taken(task))
        self._granted(task, task.asked_until)
        self.clocks.extend(clocks, until)

    def _extendable(self, task: UnitTask, until: datetime) -> list[CaseClock]:
        policy, clocks = self.rules.policy, list(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))
        for clock in clocks:
            if sum(one.why is WhyMoved.EXTENDED for one in clock.earlier) >= policy.most_extensions:
                raise Conflict(f"this task was extended {policy.most_extensions} times already, which is the most")
            if until - clock.due_at > policy.longest_extension:
                hours = policy.longest_extension.total_seconds() / 3600
                raise RejectedInput(f"an extension is of {hours:g} hours at most")
            clock_moves.extend(clock, until, self._at, self.rules.terms_of(clock, self._ticket.form.demand))
        return clocks

    def pause(self, task: UnitTask, reason: str, note_id: str | None) -> None:
        """暂停."""
        about = {"reason": reason, "note_id": note_id}
        self._move(task, TaskVerb.PAUSE, TaskPaused, about, asked_pause=None, **self._taken(task))
        self._granted(task, task.asked_pause)
        self.clocks.pause(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))

    def resume(self, task: UnitTask) -> None:
        """恢复."""
        self._move(task, TaskVerb.RESUME, TaskResumed)
        self.clocks.resume(self.clocks.running(ClockKind.REPLY, task_id=task.task_id))

    def _taken(self, task: UnitTask) -> dict[str, str]:
        """Whoever does more with a task than sign it has signed it."""
        return {"signed_at": task.signed_at or rfc3339(self._at)}

    def _met(self, task: UnitTask, *kinds: ClockKind) -> None:
        self.clocks.meet(self.clocks.running(*kinds, task_id=task.task_id))

    def _may(self, task: UnitTask, verb: TaskVerb) -> TaskStatus:
        if self._ticket.status not in WITHIN:
            raise Conflict(f"the ticket is {self._ticket.status}: nothing is done about its tasks any more")
        return states.after(TaskStatus(task.status), verb)

    def _move(
        self, task: UnitTask, verb: TaskVerb, kind: type[Any], about: dict[str, Any] | None = None, **values: Any
    ) -> None:
        values["status"] = self._may(task, verb).value
        ends = verb in _ENDS_WISHES and wishes(task)
        self._alter(task, kind, about or {}, **(values | NO_WISH if ends else values))
        if ends:
            self.clocks.stop(self.clocks.running(ClockKind.APPROVE, task_id=task.task_id))

    def _alter(self, task: UnitTask, kind: type[Any], about: dict[str, Any], **values: Any) -> None:
        after = cloned(task)
        after.version += 1
        for name, value in values.items():
            setattr(after, name, value)
        self._record(kind(at=self._at, actor=self._actor, task_id=task.task_id, **about), task, after)

    def _record(self, event: Event, before: UnitTask | None, after: UnitTask) -> None:
        """``after`` takes the place of ``before``; the ticket's status follows from its tasks."""
        ticket = self._ticket
        units = [one for one in ticket.form.handling.units if one.task_id != after.task_id]
        status = stage(ticket.status, [*units, after], classified=True)
        event.changed |= changed(before, after)
        if status is not ticket.status:
            event.changed["status"] = [ticket.status.value, moved(ticket.status, status).value]
        ticket.record(event)
