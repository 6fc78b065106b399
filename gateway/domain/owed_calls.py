"""Calls that are owed, as a command alters tickets: tasks follow from what it does (rules: ``callback``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain.callback import (
    NEEDLESS,
    SPOKEN,
    WENT_ON,
    NewCallback,
    Number,
    Reason,
    Task,
    called_again,
    changed,
    joined,
    moved,
    number_after,
    number_of,
    number_to_call,
    settles,
    task_to_join,
    without,
)
from gateway.domain.callback_work import Verb, Work, worked
from gateway.domain.events import (
    SYSTEM,
    CallbackAttempted,
    CallbackCancelled,
    CallbackClaimed,
    CallbackDone,
    CallbackNumberChanged,
    CallbackOpened,
    CallbackReasonAdded,
    Event,
)
from gateway.domain.form import CallbackShown
from gateway.domain.ids import rfc3339
from gateway.domain.interaction import Interaction
from gateway.domain.ticket import CALLBACK, Ticket
from gateway.domain.world import World
from gateway.errors import NotFound

_PERSONAL = frozenset({"requester", "line"})


def touches_people(paths: Iterable[str]) -> bool:
    """Whether fields at ``paths`` say who is owed a call, or where."""
    return not _PERSONAL.isdisjoint([path.partition(".")[0] for path in paths])


def ticket_number(ticket: Ticket, earlier: str | None = None) -> Number | None:
    """Where the requester of a ticket is called."""
    return number_to_call(ticket.form.requester, ticket.form.prefill.fields.get(SPOKEN), earlier)


class OwedCalls:
    """The tasks of one command. Made before it alters its ticket, settled afterwards."""

    def __init__(self, world: World, ticket: Ticket, at: datetime) -> None:
        """Where the requester could be called before; a ticket that is new had no number to change."""
        self._world, self._ticket, self._at = world, ticket, at
        self._others: list[tuple[Ticket, Event]] = []
        self._before = ticket_number(ticket) if world.calls and ticket.version else None

    def settle(
        self,
        interaction: Interaction | None = None,
        *,
        callback: NewCallback | None = None,
        false: Reason | None = None,
        served: bool = False,
    ) -> None:
        """Have the tasks follow.

        ``callback``: the command says that a call is owed. ``false``: a reason that was none (``taken_back``).
        ``served``: the interaction has ended, or everything that was said in it is known.
        """
        if not self._world.calls:
            return
        self._follow()
        self._give_number()
        if interaction is not None:
            if callback is not None:
                self._owe(callback, interaction)
            if false is not None:
                self._take_back(false, interaction, callback)
            if served:
                self._serve(interaction)
        self._tell_others()

    @property
    def callable(self) -> bool:
        """Whether a call that is owed for the ticket has a number: its own, an earlier one, one of an open task."""
        ticket, person = self._ticket, self._ticket.requester_id
        if ticket_number(ticket, self._world.earlier.get(person)) is not None:
            return True
        known = task_to_join(self._owed(), person, ticket.line)
        return known is not None and known.phone is not None

    def work(self, work: Work) -> None:
        """Somebody has done something about a task; see ``check_work``."""
        before = self._world.tasks[work.callback_id]
        task = worked(before, work)
        event = event_of_work(work, task)
        if not self._is_mine(task):
            self._ticket.record(event)
        self._put(task, event, everyone=True)
        self._tell_others()

    def _follow(self) -> None:
        """The ticket has another line, or its requester wants to be known no more: its task goes with it."""
        ticket = self._ticket
        task = self._world.tasks.get(ticket.form.callback_id or "")
        if task is None or not task.open or (task.requester_id, task.line) == (ticket.requester_id, ticket.line):
            return
        own, left = moved(task, ticket.ticket_id, ticket.requester_id, ticket.line, self._world.new_id())
        if left is None:
            self._world.tasks[own.callback_id] = own
            return
        numbers = [ticket_number(self._world.tickets[one]) for one in left.tickets]
        self._world.tasks[left.callback_id] = changed(left, phone=number_of(numbers))
        self._open(replace(own, phone=number_of((ticket_number(ticket),))), joined=False)

    def _give_number(self) -> None:
        """A number that was given, corrected or taken back, in the ticket's task and in others that have none."""
        ticket = self._ticket
        number = ticket_number(ticket)
        for task in self._owed():
            own = ticket.ticket_id in task.tickets
            if task.requester_id == ticket.requester_id and (own or task.phone is None):
                phone = number_after(task.phone, self._before if own else None, number)
                if phone != task.phone:
                    given = changed(task, phone=phone)
                    event = CallbackNumberChanged(at=self._at, callback_id=task.callback_id)
                    self._put(given, event, everyone=not own)

    def _owe(self, new: NewCallback, interaction: Interaction) -> None:
        ticket = self._ticket
        number = ticket_number(ticket, self._world.earlier.get(ticket.requester_id))
        reason = Reason(reason=new.reason, ticket_id=ticket.ticket_id, interaction_id=interaction.interaction_id)
        known = task_to_join(self._owed(), ticket.requester_id, ticket.line)
        if known is None:
            task = Task(
                callback_id=new.callback_id,
                requester_id=ticket.requester_id,
                line=ticket.line,
                phone=number_of((number,)),
                reasons=(reason,),
                due_at=new.due_at,
                created_at=self._at,
            )
            self._open(task, joined=False)
            return
        task = joined(known, reason, new.due_at, number)
        linked = self._is_mine(known)
        if task is not known:
            added = CallbackReasonAdded(at=self._at, callback_id=task.callback_id, reason=reason.reason)
            self._put(task, added, everyone=task.due_at != known.due_at)
        if not linked:
            self._open(task, joined=True)

    def _take_back(self, false: Reason, interaction: Interaction, new: NewCallback | None) -> None:
        """Recovery's reason was none: the call went on, and has ended now or left a debt of its own."""
        over = new is None and interaction.owner is not None
        if not over and (new is None or new.reason == false.reason):
            return
        for task in self._owed():
            if false in task.reasons:
                self._without(task, false, WENT_ON)

    def drop(self, *reasons: str) -> None:
        """Nobody need call about this ticket any more for these ``reasons``; for others they may."""
        for task in self._owed():
            for reason in task.reasons:
                if reason.ticket_id == self._ticket.ticket_id and reason.reason in reasons:
                    self._without(self._world.tasks[task.callback_id], reason, NEEDLESS)
        self._tell_others()

    def _without(self, task: Task, reason: Reason, why: str) -> None:
        left = without(task, reason, self._at, why)
        ended = CallbackCancelled(at=self._at, callback_id=task.callback_id, why=why)
        self._put(left, None if left.open else ended, everyone=not left.open)
        if reason.ticket_id not in left.tickets:
            self._unlink(ended)

    def _unlink(self, event: CallbackCancelled) -> None:
        """No call is owed for this ticket; the task goes on for others, or is over."""
        form = self._ticket.form
        form.callback_id = None
        if (shown := form.handling.callback) is not None:
            self._ticket.record(replace(event, changed={CALLBACK: [shown.told, None]}))

    def _serve(self, interaction: Interaction) -> None:
        ticket = self._ticket
        answered, empty = interaction.answered_at is not None, ticket.empty or ticket.form.prefill.pending
        if settles(interaction.channel, interaction.disposition, answered=answered, empty=empty):
            person = (ticket.requester_id, ticket.line)
            for task in called_again(self._owed(), *person, interaction.interaction_id, self._at):
                why = task.closed.why if task.closed else ""
                self._put(task, CallbackDone(at=self._at, callback_id=task.callback_id, why=why), everyone=True)

    def _owed(self) -> list[Task]:
        return [task for task in self._world.tasks.values() if task.open]

    def _is_mine(self, task: Task) -> bool:
        return self._ticket.form.callback_id == task.callback_id

    def _open(self, task: Task, *, joined: bool) -> None:
        """The ticket has this task from now on."""
        self._ticket.form.callback_id = task.callback_id
        reason = task.reasons[-1].reason
        event = CallbackOpened(at=self._at, callback_id=task.callback_id, reason=reason, joined=joined)
        self._put(task, event, everyone=False)

    def _put(self, task: Task, event: Event | None, *, everyone: bool) -> None:
        """``task`` is like this now: this ticket hears of it, and when it is news for ``everyone`` its others."""
        self._world.tasks[task.callback_id] = task
        if event is None:
            return
        if self._is_mine(task):
            _show(self._ticket, task, event)
        for ticket_id in task.tickets if everyone else ():
            ticket = self._world.tickets[ticket_id]
            if ticket is not self._ticket and ticket.form.callback_id == task.callback_id:
                self._others.append((ticket, event))

    def _tell_others(self) -> None:
        """Give the other tickets of the tasks their events, after the command's own."""
        for ticket, event in self._others:
            task = self._world.tasks[ticket.form.callback_id or ""]
            _show(ticket, task, replace(event, changed={}))
        self._others.clear()


def check_work(world: World, work: Work) -> bool:
    """Whether what somebody did about a task was done before; raises when it cannot be done."""
    task = world.tasks.get(work.callback_id)
    if task is None:
        raise NotFound(f"there is no callback {work.callback_id}")
    return worked(task, work) is task


def taken_back(world: World, interaction: Interaction, owner: str | None) -> Reason | None:
    """Give an interaction that recovery closed to the owner that closes it now, or goes on with it.

    The reason by which recovery had a call owed for what, as it turns out, went on; None when there is none.
    """
    if not interaction.closed_by_recovery:
        return None
    if owner is not None:
        interaction.owner = owner
        interaction.dirty = True
    reasons = (reason for task in world.tasks.values() if task.open for reason in task.reasons)
    sought = (interaction.interaction_id, interaction.disposition)
    return next((reason for reason in reasons if (reason.interaction_id, reason.reason) == sought), None)


def _show(ticket: Ticket, task: Task, event: Event) -> None:
    before = ticket.form.handling.callback
    after = CallbackShown(task.state.value, rfc3339(task.due_at), task.attempts)
    if before != after:
        event.changed[CALLBACK] = [before.told if before is not None else None, after.told]
    ticket.record(event)


def event_of_work(work: Work, task: Task) -> Event:
    """What tells that ``task`` is as it is after ``work``."""
    about: dict[str, Any] = {"at": work.at, "actor": work.actor or SYSTEM, "callback_id": task.callback_id}
    about["attempts"] = task.attempts
    why = task.closed.why if task.closed is not None else ""
    match Verb(work.verb):
        case Verb.CLAIM:
            return CallbackClaimed(**about)
        case Verb.ATTEMPT:
            return CallbackAttempted(**about, result=work.result or "", due_at=rfc3339(task.due_at))
        case Verb.DONE:
            return CallbackDone(**about, why=why, result=work.result)
        case Verb.CANCEL:
            return CallbackCancelled(**about, why=why, result=work.result)
