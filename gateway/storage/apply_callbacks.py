"""Calls that are owed, as a Change is applied: its tasks follow from what it writes. The rule is the domain's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.domain.callback import (
    SYSTEM,
    NewCallback,
    Reason,
    Task,
    called_again,
    changed,
    joined,
    moved,
    number_after,
    number_of,
    settles,
    task_to_join,
    without,
)
from gateway.domain.callback_work import EVENTS, Verb, Work, event_data, worked
from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339
from gateway.errors import NotFound
from gateway.storage.batch_callbacks import ticket_number
from gateway.storage.batch_state import InteractionState, State, TicketState
from gateway.storage.prepare import Prepared, Row
from gateway.storage.shape import set_in

OPENED, REASON_ADDED, NUMBER_CHANGED = "callback.opened", "callback.reason_added", "callback.number_changed"
DONE, CANCELLED = "callback.done", "callback.cancelled"
_PATH = ("handling", "callback")
_LINK = "callback_id"


def check_work(p: Prepared, state: State) -> bool:
    """Whether what somebody did about a task was done before; raises when it cannot be done."""
    work = p.change.work
    if work is None:
        return False
    task = state.tasks.get(work.callback_id)
    if task is None:
        raise NotFound(f"there is no callback {work.callback_id}")
    return worked(task, work) is task


class Calls:
    """The tasks of one Change. Made before it alters its ticket, settled afterwards."""

    def __init__(self, p: Prepared, ticket: TicketState, state: State) -> None:
        """Where the requester could be called before; a ticket that is new had no number to change."""
        self._p, self._ticket, self._state = p, ticket, state
        self._told: list[tuple[TicketState, Row]] = []
        self._before = ticket_number(ticket.doc) if p.touches_calls and not ticket.new else None
        work = p.change.work
        self._at = work.at if work is not None else from_rfc3339(p.events[-1]["at"])

    def settle(self, interaction: InteractionState | None, false: Reason | None) -> None:
        """Have the tasks follow; the ticket's own events are added to the Change's. ``false``: see ``take_back``."""
        p = self._p
        if not p.touches_calls:
            return
        self._follow()
        self._give_number()
        if interaction is not None:
            if p.change.callback is not None:
                self._owe(p.change.callback, interaction)
            if false is not None:
                self._take_back(false, interaction)
            if "disposition" in p.interaction_fields or p.is_read:
                self._serve(interaction.row)
        if p.change.work is not None:
            self._work(p.change.work)

    def tell_others(self) -> None:
        """Give the other tickets of the tasks their events, after the Change's own."""
        for ticket, event in self._told:
            self._state.tell(ticket, event)

    def _follow(self) -> None:
        """The ticket has another line, or its requester wants to be known no more: its task goes with it."""
        row = self._ticket.row
        task = self._state.tasks.get(self._ticket.doc.get(_LINK, ""))
        if task is None or not task.open or (task.requester_id, task.line) == (row["requester_id"], row["line"]):
            return
        own, left = moved(task, row["ticket_id"], row["requester_id"], row["line"])
        if left is None:
            self._state.tasks[own.callback_id] = own
            return
        numbers = [ticket_number(self._state.tickets[one].doc) for one in left.tickets]
        self._state.tasks[left.callback_id] = changed(left, phone=number_of(numbers))
        self._open(replace(own, phone=number_of((ticket_number(self._ticket.doc),))), joined=False)

    def _give_number(self) -> None:
        """A number that was given, corrected or taken back, in the ticket's task and in others that have none."""
        number, requester_id = ticket_number(self._ticket.doc), self._ticket.row["requester_id"]
        for task in self._owed():
            own = self._ticket.row["ticket_id"] in task.tickets
            if task.requester_id == requester_id and (own or task.phone is None):
                phone = number_after(task.phone, self._before if own else None, number)
                if phone != task.phone:
                    given = changed(task, phone=phone)
                    self._put(given, self._event(NUMBER_CHANGED, given), everyone=not own)

    def _owe(self, new: NewCallback, interaction: InteractionState) -> None:
        row = self._ticket.row
        requester_id, line = row["requester_id"], row["line"]
        number = ticket_number(self._ticket.doc, self._state.earlier.get(requester_id))
        ids = {"ticket_id": row["ticket_id"], "interaction_id": interaction.row["interaction_id"]}
        reason = Reason(reason=new.reason, **ids)
        known = task_to_join(self._owed(), requester_id, line)
        if known is None:
            task = Task(
                callback_id=new.callback_id,
                requester_id=requester_id,
                line=line,
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
            added = self._event(REASON_ADDED, task, reason=reason.reason)
            self._put(task, added, everyone=task.due_at != known.due_at)
        if not linked:
            self._open(task, joined=True)

    def _take_back(self, false: Reason, interaction: InteractionState) -> None:
        """Recovery's reason was none: the call went on, and has ended now or left a debt of its own."""
        new = self._p.change.callback
        over = new is None and interaction.row["owner"] is not None
        if not over and (new is None or new.reason == false.reason):
            return
        for task in self._owed():
            if false in task.reasons:
                left = without(task, false, self._at)
                self._put(left, None if left.open else self._event(CANCELLED, left), everyone=not left.open)
                if false.ticket_id not in left.tickets:
                    set_in(self._ticket.doc, _PATH, None)
                    del self._ticket.doc[_LINK]

    def _serve(self, row: Row) -> None:
        own = self._ticket.row
        answered, empty = row["answered_at"] is not None, own["empty"] or own["pending"]
        if settles(row["channel"], row["disposition"], answered=answered, empty=empty):
            person = (own["requester_id"], own["line"])
            for task in called_again(self._owed(), *person, row["interaction_id"], self._at):
                self._put(task, self._event(DONE, task), everyone=True)

    def _work(self, work: Work) -> None:
        before = self._state.tasks[work.callback_id]
        task = worked(before, work)
        event = self._event(EVENTS[Verb(work.verb)], task) | {"actor": work.actor}
        event["data"] |= event_data(task, work)
        if not self._is_mine(task):
            self._p.events.append(event)
        self._put(task, event, everyone=True)

    def _owed(self) -> list[Task]:
        return [task for task in self._state.tasks.values() if task.open]

    def _is_mine(self, task: Task) -> bool:
        return self._ticket.doc.get(_LINK) == task.callback_id

    def _open(self, task: Task, *, joined: bool) -> None:
        """The ticket has this task from now on."""
        self._ticket.doc[_LINK] = task.callback_id
        self._put(task, self._event(OPENED, task, reason=task.reasons[-1].reason, joined=joined), everyone=False)

    def _put(self, task: Task, event: Row | None, *, everyone: bool) -> None:
        """``task`` is like this now: this ticket hears of it, and when it is news for ``everyone`` its others."""
        self._state.tasks[task.callback_id] = task
        shown = {"state": task.state.value, "due_at": rfc3339(task.due_at), "attempts": task.attempts}
        if self._is_mine(task):
            set_in(self._ticket.doc, _PATH, shown)
            if event is not None:
                self._p.events.append(event)
        for ticket_id in task.tickets if everyone else ():
            ticket = self._state.tickets[ticket_id]
            if event is not None and ticket is not self._ticket and ticket.doc.get(_LINK) == task.callback_id:
                set_in(ticket.doc, _PATH, shown)
                self._told.append((ticket, event))

    def _event(self, kind: str, task: Task, **data: Any) -> Row:
        told = {"callback_id": task.callback_id, **data}
        if task.closed is not None:
            told["why"] = task.closed.why
        about = {"at": rfc3339(self._at), "actor": SYSTEM, "trace": self._p.change.trace}
        return {"event_id": new_ulid(), "type": kind, "data": told, **about}
