"""The command of whatever a unit or the centre does with one task: sign, return, extend, reply, re-assign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case, Offer
from gateway.domain.case.note import NoteKind
from gateway.domain.case.task_time import wishes
from gateway.domain.command import Applied, Refs
from gateway.domain.form import Handling, UnitTask
from gateway.domain.ids import rfc3339
from gateway.domain.keys import ExternalKey
from gateway.domain.task_status import NEXT, UNIT_VERBS, TaskStatus, TaskVerb, is_gone
from gateway.domain.world import World
from gateway.errors import NotFound, RejectedInput

NEEDS_REASON = frozenset({TaskVerb.RETURN, TaskVerb.REASSIGN, TaskVerb.EXTEND, TaskVerb.PAUSE, TaskVerb.SEND_BACK})
"""Verbs that take a reason, by code."""
NEEDS_WORDS = frozenset({TaskVerb.REPLY})
_RESULTS = {verb: frozenset(ways[verb] for ways in NEXT.values() if verb in ways) for verb in TaskVerb}


@dataclass(slots=True, kw_only=True)
class WorkOnTask:
    """One verb on one task. Repeating it changes nothing, unless it says something else."""

    at: datetime
    actor: str
    unit: str | None = None
    """Whose unit acts; None: the centre."""
    ticket_id: str
    task_id: str
    task_version: int | None = None
    verb: TaskVerb
    reason: str | None = None
    text: str | None = None
    note_id: str
    """Of the note that holds ``text``."""
    until: datetime | None = None
    to: Offer | None = None
    """Of a re-assignment."""
    solved: bool = True
    directory: str | None = None
    key: ExternalKey | None = None
    """By which it is known again: a repeated request alters nothing."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,) if self.key is not None else ())

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is so already; ``NotFound``, ``StaleVersion``, ``Conflict``, ``Forbidden``."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id, erased=self.text is None)
        case = Case(ticket, self.at, self.actor, world.case_rules)
        task = case.task(self.task_id)
        self._check(task)
        status = TaskStatus(task.status)
        refuses_time = self.verb is TaskVerb.UPHOLD and wishes(task)
        leads_there = self.verb not in NEXT[status] and status in _RESULTS[self.verb] and not refuses_time
        if self.text is None and (self._is_done(task) or (leads_there and self._agrees(ticket.form.handling, task))):
            return world.applied(ticket, skipped=True)
        case.task(self.task_id, self.task_version)
        _DO[self.verb](self, case, task)
        kind = NoteKind.REPLY if self.verb is TaskVerb.REPLY else NoteKind.REASON
        world.note(self, kind, self.note_id, self.text, self.task_id, unit=self.unit)
        world.once(self.key, ticket)
        return world.applied(ticket)

    def _check(self, task: UnitTask) -> None:
        if self.unit is not None and self.unit != task.unit:
            raise NotFound(f"your unit has no task {self.task_id}")
        if self.unit is not None and self.verb not in UNIT_VERBS:
            raise RejectedInput(f"{self.verb} is the centre's to do")
        if self.verb in NEEDS_REASON and not self.reason:
            raise RejectedInput(f"{self.verb} takes a reason")
        if self.verb in NEEDS_WORDS and not self.text:
            raise RejectedInput(f"{self.verb} takes a text")

    def _is_done(self, task: UnitTask) -> bool:
        """Of verbs that lead where the task is already: whether this one did."""
        until = self.until and rfc3339(self.until)
        match self.verb:
            case TaskVerb.RESPOND:
                return self._stays(task) and task.responded_at is not None
            case TaskVerb.ARRIVE:
                return self._stays(task) and task.arrived_at is not None
            case TaskVerb.EXTEND:
                extended = task.status == TaskStatus.EXTENDED and task.due_at == until
                return until is not None and (extended or task.asked_until == until)
            case TaskVerb.PAUSE:
                return self.unit is not None and task.asked_pause == self.reason
            case _:
                return False

    def _stays(self, task: UnitTask) -> bool:
        """Whether the verb leads where the task is already."""
        return NEXT[TaskStatus(task.status)].get(self.verb) == task.status

    def _agrees(self, handling: Handling, task: UnitTask) -> bool:
        """Of a verb that has led where the task is already: whether it said the same then."""
        match self.verb:
            case TaskVerb.RETURN:
                return not task.returns or task.returns[-1].rule == self.reason
            case TaskVerb.REASSIGN if self.to is not None:
                return any(one.unit == self.to.unit and not is_gone(one.status) for one in handling.units)
            case _:
                return True

    @property
    def said_in(self) -> str | None:
        """The note that holds what was said, if anything was."""
        return self.note_id if self.text else None

    def reassign(self, case: Case, task: UnitTask) -> None:
        """改派."""
        if self.to is None:
            raise RejectedInput("a re-assignment names the unit")
        case.reassign(task, self.to, self.reason or "", self.said_in, self.directory)

    def extend(self, case: Case, task: UnitTask) -> None:
        """延期, or the wish for it."""
        until = self.until
        if until is None:
            raise RejectedInput("an extension names an instant")
        if self.unit is None or not case.rules.policy.approve_extensions:
            case.extend(task, until, self.reason, self.said_in)
        else:
            case.ask_extension(task, until, self.reason or "", self.said_in)

    def pause(self, case: Case, task: UnitTask) -> None:
        """暂停, or the wish for it."""
        if self.unit is None or not case.rules.policy.approve_pauses:
            case.pause(task, self.reason or "", self.said_in)
        else:
            case.ask_pause(task, self.reason or "", self.said_in)

    def uphold(self, case: Case, task: UnitTask) -> None:
        """The centre does not follow the unit: it keeps the task, or the time that it has."""
        if task.status != TaskStatus.RETURNING and wishes(task):
            case.refuse(task, self.said_in)
        else:
            case.uphold(task, self.said_in)

    def accept(self, case: Case, task: UnitTask) -> None:
        """The centre takes what the unit put before it: its return, or its reply."""
        if task.status == TaskStatus.RETURNING:
            case.returned(task)
        else:
            case.accept(task)


_DO: Mapping[TaskVerb, Callable[[WorkOnTask, Case, UnitTask], None]] = {
    TaskVerb.SIGN: lambda _, case, task: case.sign(task),
    TaskVerb.RESPOND: lambda work, case, task: case.respond(task, work.said_in),
    TaskVerb.ARRIVE: lambda work, case, task: case.arrive(task, work.said_in),
    TaskVerb.RETURN: lambda work, case, task: case.ask_return(task, work.reason or "", work.said_in, work.text),
    TaskVerb.UPHOLD: WorkOnTask.uphold,
    TaskVerb.REASSIGN: WorkOnTask.reassign,
    TaskVerb.EXTEND: WorkOnTask.extend,
    TaskVerb.PAUSE: WorkOnTask.pause,
    TaskVerb.RESUME: lambda _, case, task: case.resume(task),
    TaskVerb.REPLY: lambda work, case, task: case.reply(task, work.note_id, work.text, solved=work.solved),
    TaskVerb.ACCEPT: WorkOnTask.accept,
    TaskVerb.SEND_BACK: lambda work, case, task: case.send_back(task, work.reason or "", work.said_in),
}
