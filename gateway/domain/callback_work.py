"""What people do about a call that is owed: take it, try it, end it. Pure; ``Conflict`` says why it cannot be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.domain.callback import Attempt, Task, changed, ended
from gateway.domain.ids import rfc3339
from gateway.domain.words import CallbackState
from gateway.errors import AlreadyClaimed, CallbackClosed, StaleVersion

CLAIM = timedelta(minutes=30)
"""So long a task is one person's: who goes home leaves it to the others."""
LATER = (timedelta(minutes=30), timedelta(hours=2), timedelta(days=1))
"""How much later the next attempt is due, after the first, the second, and each further one."""


class Verb(StrEnum):
    """What can be done with a task."""

    CLAIM = "claim"
    ATTEMPT = "attempt"
    DONE = "done"
    CANCEL = "cancel"


CANCELLED = "cancelled"
"""Why a task is closed that somebody cancelled."""


class AttemptResult(StrEnum):
    """Why somebody was not reached."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    WRONG_NUMBER = "wrong_number"
    CALL_LATER = "call_later"


class DoneResult(StrEnum):
    """How it ended: they were reached, were and would not judge the reply, or all attempts were in vain."""

    REACHED = "reached"
    DECLINED = "declined"
    NOT_REACHED = "not_reached"


_STATES = {
    DoneResult.REACHED: CallbackState.DONE,
    DoneResult.DECLINED: CallbackState.DONE,
    DoneResult.NOT_REACHED: CallbackState.FAILED,
}
SPOKEN_WITH = frozenset({DoneResult.REACHED, DoneResult.DECLINED})
"""Results of calls in which somebody spoke with the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One action on a task. ``result``: an ``AttemptResult`` or ``DoneResult``; ``note``: free text, kept with it."""

    callback_id: str
    verb: str
    actor: str
    at: datetime
    result: str | None = None
    note: str | None = None
    due_at: datetime | None = None
    """Of an attempt: when to try again."""
    expected_version: int | None = None


def worked(task: Task, work: Work) -> Task:
    """``task`` after ``work``; itself when the same person did the same already.

    Raises ``StaleVersion``, ``CallbackClosed``, ``AlreadyClaimed``.
    """
    if work.expected_version is not None and work.expected_version != task.version:
        raise StaleVersion(f"the callback is at version {task.version}; read it again and repeat your action")
    if not task.open:
        return _repeated(task, work)
    until = task.claimed_until
    claimed = until is not None and until > work.at
    if until is not None and claimed and task.claimed_by != work.actor:
        raise AlreadyClaimed(f"{task.claimed_by} has taken this callback until {rfc3339(until)}")
    match Verb(work.verb):
        case Verb.CLAIM:
            return task if claimed else changed(task, claimed_by=work.actor, claimed_until=work.at + CLAIM)
        case Verb.ATTEMPT:
            return _attempted(task, work)
        case Verb.DONE:
            why = DoneResult(work.result or "")
            return ended(task, _STATES[why], work.actor, why.value, work.at, note=work.note)
        case Verb.CANCEL:
            return ended(task, CallbackState.CANCELLED, work.actor, CANCELLED, work.at, note=work.note)


def _attempted(task: Task, work: Work) -> Task:
    result = AttemptResult(work.result or "")
    attempts = task.attempts + 1
    due_at = work.due_at or work.at + LATER[min(attempts, len(LATER)) - 1]
    return changed(
        task,
        attempts=attempts,
        due_at=due_at,
        claimed_by=None,
        claimed_until=None,
        last_attempt=Attempt(at=work.at, by=work.actor, result=result.value, note=work.note),
    )


def _repeated(task: Task, work: Work) -> Task:
    closed = task.closed
    why = {Verb.DONE.value: work.result, Verb.CANCEL.value: CANCELLED}.get(work.verb)
    if closed is not None and (closed.by, closed.why) == (work.actor, why):
        return task
    by = f" by {closed.by} ({closed.why}) at {rfc3339(closed.at)}" if closed is not None else ""
    raise CallbackClosed(f"this callback was closed{by}; no call is owed any more")
