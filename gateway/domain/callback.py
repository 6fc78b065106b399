"""Whom the city owes a call: after what, at which number, until when. One rule for calls, messages and recovery.

A debt is a ``Task``. A person (one requester; who stays unknown is one of each ticket) has one open task on each line:
a further reason joins it. Everything here is pure; ``gateway.domain.callback_work`` is what people do about a task.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.events import SYSTEM
from gateway.domain.form import Filled, Requester
from gateway.domain.guess import SURE
from gateway.domain.ids import new_ulid
from gateway.domain.words import ABANDONED, CallbackState, Disposition

REPLY_WINDOW_CLOSED = "reply_window_closed"
"""The reason of who has an answer coming that their provider does not let through any more."""
REPLY, VISIT = "reply", "visit"
"""Reasons of the centre's own: to tell somebody the reply to their ticket; to ask what they think of it (回访)."""
ABOUT_A_REPLY = frozenset({REPLY, VISIT})
CALLED_AGAIN, WENT_ON, NEEDLESS = "called_again", "call_went_on", "needless"
"""Why ``SYSTEM`` did: the person called again and was served; the call that seemed lost was not; what was to be told
or asked has been, or is outdated."""
MOST_REASONS = 20
"""A task that has so many is joined by no more: all of its tickets change whenever it is worked on."""
TELEPHONE = "sip"
_SERVED = frozenset(
    {Disposition.COMPLETED, Disposition.SELF_SERVICE, Disposition.ANSWERED, Disposition.TRANSFERRED},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCallback:
    """A command says that this person is owed a call; whether that makes a task is decided as it is written."""

    callback_id: str
    reason: str
    due_at: datetime


def owed(reason: str | None, now: datetime, within: timedelta) -> NewCallback | None:
    """A call for this ``reason``; None when there is no reason."""
    return None if reason is None else NewCallback(callback_id=new_ulid(), reason=reason, due_at=now + within)


def owed_after(disposition: Disposition, *, proved: bool) -> str | None:
    """Why a telephone call that ended so leaves a debt; None when it leaves none.

    Without proof that somebody was there (the ACK of SIP) the number may be anybody's.
    """
    return disposition.value if proved and disposition in ABANDONED else None


def settles(channel: str, disposition: str | None, *, answered: bool, empty: bool) -> bool:
    """Whether an interaction that ended so settles what its person was owed before it.

    A call in which nothing was said, as far as is known (``empty``), proves nobody: the number may be forged.
    """
    return not empty and channel == TELEPHONE and answered and disposition in _SERVED


@dataclass(frozen=True, slots=True)
class Number:
    """Where somebody can be called. ``sure``: they gave it for that, or a person at the desk did."""

    value: str
    sure: bool


SPOKEN = "requester.callback_phone"
"""The entry of ``prefill.fields`` for the number that somebody said."""


def number_to_call(requester: Requester, spoken: Filled | None, earlier: str | None = None) -> Number | None:
    """Where the requester of a ticket is called; ``spoken`` is the entry at ``SPOKEN``.

    ``earlier``: the number of an earlier ticket of theirs; it counts when this one has none at all.

    A spoken number comes before the one they called or wrote from only when it is surely theirs.
    """
    given, own, entry = requester.callback_phone, requester.phone, spoken or Filled()
    stated = given != entry.value or entry.confirmed_by is not None
    if given is not None and (stated or entry.sureness >= SURE):
        return Number(given, sure=True)
    if own is not None:
        return Number(own, sure=False)
    unsure = given or entry.value or earlier
    return Number(unsure, sure=False) if unsure is not None else None


def number_to_write(requester: Requester, spoken: Filled | None) -> str | None:
    """Where a reply may go by SMS instead: not to a number that may be somebody else's, there a person has to ask."""
    number = number_to_call(requester, spoken)
    if number is not None and ";ext=" in number.value:
        return None  # nobody can be texted behind an extension
    return number.value if number is not None and (number.sure or number.value == requester.phone) else None


def number_of(numbers: Iterable[Number | None]) -> str | None:
    """Which of the numbers of a task's tickets, oldest first, is called: the newest sure one, else the oldest."""
    known = [number for number in numbers if number is not None]
    sure = [number for number in known if number.sure]
    return sure[-1].value if sure else known[0].value if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a call is owed, and the interaction that left the debt."""

    reason: str
    ticket_id: str
    interaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A call in which the person was not reached. ``note`` is a person's free text."""

    at: datetime
    by: str
    result: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a task ended."""

    at: datetime
    by: str
    why: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A call that is owed, or was. ``reasons``, oldest first, are never none; ``version`` counts its changes."""

    callback_id: str
    requester_id: str
    line: str
    phone: str | None
    reasons: tuple[Reason, ...]
    due_at: datetime
    created_at: datetime
    state: CallbackState = CallbackState.OPEN
    attempts: int = 0
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    last_attempt: Attempt | None = None
    closed: Settlement | None = None
    version: int = 1

    @property
    def open(self) -> bool:
        """Whether the call is still owed."""
        return self.state is CallbackState.OPEN

    @property
    def tickets(self) -> tuple[str, ...]:
        """The tickets that it is about, oldest reason first."""
        return tuple(dict.fromkeys(reason.ticket_id for reason in self.reasons))


def changed(task: Task, **values: Any) -> Task:
    """``task`` with these ``values``; itself when they are its own already."""
    if all(getattr(task, name) == value for name, value in values.items()):
        return task
    return replace(task, **values, version=task.version + 1)


def task_to_join(tasks: Iterable[Task], requester_id: str, line: str) -> Task | None:
    """The open task that a further reason of this person and line belongs to: the one that is due first."""
    joinable = [
        task
        for task in tasks
        if task.open and (task.requester_id, task.line) == (requester_id, line) and len(task.reasons) < MOST_REASONS
    ]
    return min(joinable, key=lambda task: (task.due_at, task.callback_id), default=None)


def joined(task: Task, reason: Reason, due_at: datetime, number: Number | None) -> Task:
    """``task`` for this ``reason`` too. A repetition changes nothing; nobody waits longer for having asked again."""
    if any((known.reason, known.ticket_id) == (reason.reason, reason.ticket_id) for known in task.reasons):
        return task
    phone = number_after(task.phone, None, number)
    return changed(task, reasons=(*task.reasons, reason), due_at=min(task.due_at, due_at), phone=phone)


def number_after(phone: str | None, before: Number | None, after: Number | None) -> str | None:
    """A task's number when that of one of its tickets, or of another one of its person, has become ``after``."""
    if after == before:
        return phone
    if after is None:
        return None if before is not None and before.value == phone else phone
    replaces = phone is None or after.sure or (before is not None and before.value == phone)
    return after.value if replaces else phone


def without(task: Task, reason: Reason, at: datetime, why: str = WENT_ON) -> Task:
    """``task`` when this ``reason`` was none after all, or is none any more: cancelled when it had no other."""
    left = tuple(one for one in task.reasons if one != reason)
    return changed(task, reasons=left) if left else ended(task, CallbackState.CANCELLED, SYSTEM, why, at)


def moved(task: Task, ticket_id: str, requester_id: str, line: str, new_id: str) -> tuple[Task, Task | None]:
    """The task of one of the tickets of ``task``, when that ticket is of another person or line from now on.

    And what is left of ``task`` for its other tickets; None when it had none, and has moved as a whole.
    """
    own = tuple(reason for reason in task.reasons if reason.ticket_id == ticket_id)
    others = tuple(reason for reason in task.reasons if reason.ticket_id != ticket_id)
    if not others:
        return changed(task, requester_id=requester_id, line=line), None
    part = replace(task, callback_id=new_id, requester_id=requester_id, line=line, reasons=own, version=1)
    return part, changed(task, reasons=others)


def ended(task: Task, state: CallbackState, by: str, why: str, at: datetime, *, note: str | None = None) -> Task:
    """``task`` when no call is owed any more."""
    closed = Settlement(at=at, by=by, why=why, note=note)
    return changed(task, state=state, closed=closed, claimed_by=None, claimed_until=None)


def called_again(tasks: Iterable[Task], requester_id: str, line: str, interaction_id: str, at: datetime) -> list[Task]:
    """The person was served in this interaction: their tasks that end by it, ended.

    What it asked for itself stays, and what they asked for after it began: a call's words may be known long after it.
    So does a call about a reply: who calls about something else has not been told it.
    """
    return [
        ended(task, CallbackState.DONE, SYSTEM, CALLED_AGAIN, at)
        for task in tasks
        if task.open
        and (task.requester_id, task.line) == (requester_id, line)
        and all(
            reason.interaction_id < interaction_id and reason.reason not in ABOUT_A_REPLY  # ids sort by time
            for reason in task.reasons
        )
    ]
