"""What a city's own case system says of a ticket: the status moves on with it, and never back by an older word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.case.policy import ClockKind
from gateway.domain.events import CaseReported
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.status import Status, may_follow, moved
from gateway.domain.task_status import RUNNING, TaskStatus
from gateway.domain.ticket import Alteration, Ticket
from gateway.domain.words import Term
from gateway.errors import Conflict, RejectedInput

_PATH = "handling.reported_at"
_BEGINNING: Final = (Status.REGISTERED, Status.CLASSIFIED, Status.DISPATCHED, Status.SIGNED, Status.HANDLING)
"""Open ones in the order in which a ticket goes through them."""
_ANSWERED: Final = frozenset({Status.REPLIED, Status.EVALUATED, Status.ARCHIVED})


class Reported(Term):
    """How a case system says that a case stands."""

    OPEN = "open", "未结", "Open"
    DISPATCHED = Status.DISPATCHED.value, Status.DISPATCHED.zh, Status.DISPATCHED.en
    SIGNED = Status.SIGNED.value, Status.SIGNED.zh, Status.SIGNED.en
    HANDLING = Status.HANDLING.value, Status.HANDLING.zh, Status.HANDLING.en
    REPLIED = Status.REPLIED.value, Status.REPLIED.zh, Status.REPLIED.en


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """One update of a case system; ``at``: when it was so there. ``note_id`` is that of ``text``."""

    status: Reported
    at: datetime
    note_id: str
    text: str | None = None


def take_report(report: CaseReport, ticket: Ticket, case: Case, at: datetime, actor: str) -> bool:
    """Whether anything was news: a status that the ticket has already, without a word, is none, nor is the same reply.

    What is older than the newest report, or than what was last said here about the whole (that it is answered, closed,
    reopened), is kept in the history and moves nothing. ``Conflict`` while units of ours act on the ticket, or when it
    was merged, withdrawn or directed elsewhere; ``RejectedInput`` for a reply without words.
    """
    event = CaseReported(
        at=at,
        actor=actor,
        status=report.status.value,
        reported_at=rfc3339(report.at),
        note_id=report.note_id if report.text else None,
    )
    handling, outcome = ticket.form.handling, ticket.form.outcome
    if is_late(report.at, handling.reported_at, handling.reopened_at, outcome.replied_at, outcome.closed_at):
        event.late = True
        ticket.record(event)
        return True
    replies = report.status is Reported.REPLIED
    if replies and not report.text:
        raise RejectedInput("replied takes a text: what the requester is told")
    before = ticket.status
    if replies and before in _ANSWERED and report.text == ticket.form.outcome.public_reply:
        return False
    after = _after(before, report.status)
    if after is before and not report.text:
        return False
    if after is not before or replies:
        _refuse_ours(ticket)
    told = Alteration(ticket)
    told.set(_PATH, rfc3339(report.at))
    if after is not before:
        told.set("status", _way(before, after))
        told.set("handling.undecided_since", None)
        if before in _ANSWERED:
            told.set("handling.reopened", handling.reopened + 1)
            told.set("handling.reopened_at", rfc3339(report.at))
            told.set("outcome.closed_at", None)
    ticket.record(event, told)
    if after is not before:
        case.clocks.meet(case.clocks.running(ClockKind.DECIDE))
        if after is Status.HANDLING:
            case.clocks.meet(case.clocks.running(ClockKind.RESPOND), min(report.at, at))
    closing = Closing(case, ticket, at, actor)
    if before in _ANSWERED and after is not before:
        closing.opened_again()
    if replies:
        closing.reply(report.note_id, report.text or "", "case_system", min(report.at, at))
    else:
        case.answerable()
    return True


def is_late(at: datetime, *said: str | None) -> bool:
    """Whether something newer than ``at`` was ``said``, at these RFC 3339 instants."""
    return any(one is not None and at < from_rfc3339(one) for one in said)


def _after(before: Status, said: Reported) -> Status:
    """The status that ``said`` means before a reply is told; among open ones it only moves on."""
    if before not in _BEGINNING and before not in _ANSWERED:
        raise Conflict(f"a ticket that is {before} takes in nothing of a case system")
    if said is Reported.REPLIED:
        return before if before in {Status.SIGNED, Status.HANDLING} else Status.HANDLING
    if before in _ANSWERED:
        return Status.HANDLING
    if said is Reported.OPEN:
        return before
    after = Status(said.value)
    is_behind = _BEGINNING.index(before) >= _BEGINNING.index(after)
    return before if is_behind else after


def _way(before: Status, after: Status) -> Status:
    """``after``: what units of ours go through one by one may have happened elsewhere at once."""
    return moved(before if may_follow(before, after) else moved(before, Status.DISPATCHED), after)


def _refuse_ours(ticket: Ticket) -> None:
    ours = [one.unit or "" for one in ticket.form.handling.units if TaskStatus(one.status) in RUNNING]
    if ours:
        raise Conflict(f"{', '.join(ours)} acts on this ticket here; its status follows from what they do")
