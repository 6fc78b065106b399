"""How a case ends: 回复, 评价, 归档; 告知 and 引导 instead of acting; 重办 and 督办 when it was not well."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.domain.case.case import Case
from gateway.domain.case.replies import Replies
from gateway.domain.events import (
    CaseArchived,
    CaseDeflected,
    CaseInformed,
    CaseReopened,
    CaseReplied,
    CaseSupervised,
    Event,
    TicketRated,
)
from gateway.domain.ids import rfc3339
from gateway.domain.status import CLOSED, Status, moved
from gateway.domain.task_status import RUNNING, TaskStatus
from gateway.domain.ticket import Alteration, Ticket
from gateway.domain.words import DemandType, Term
from gateway.errors import Conflict

CONTENT = 3
"""A rating below is 不满意."""
TRIES = 3
"""联系不上: so many tries, each at another hour of the day."""


class WhyArchived(Term):
    """Why a case may be put away."""

    EVALUATED = "evaluated", "已评价", "Evaluated"
    UNREACHABLE = "unreachable", "联系不上", "Could not be reached"
    NOT_NEEDED = "no_evaluation_needed", "无需评价", "Needs no evaluation"


class WhyInformed(Term):
    """告知: matters that others decide by law."""

    LITIGATION = "litigation", "诉讼", "Litigation"
    ARBITRATION = "arbitration", "仲裁", "Arbitration"
    DISCIPLINE = "discipline", "纪检监察", "Discipline inspection"
    RECONSIDERATION = "reconsideration", "行政复议", "Administrative reconsideration"
    PETITION = "petition", "信访", "Petition"
    ANSWERED = "answered", "即时答复", "Answered on the spot"


class Closing:
    """What happens to ``ticket`` as a whole at one instant, done by ``actor``."""

    __slots__ = ("_actor", "_at", "_case", "_ticket")

    def __init__(self, case: Case, ticket: Ticket, at: datetime, actor: str) -> None:
        """Nothing happens yet."""
        self._case, self._ticket, self._at, self._actor = case, ticket, at, actor

    def reply(self, note_id: str, text: str, by: str) -> None:
        """回复. ``Conflict`` while a unit has something to do, or when it is closed."""
        ticket = self._ticket
        waiting = [one.unit or "" for one in ticket.form.handling.units if TaskStatus(one.status) in RUNNING]
        if waiting:
            raise Conflict(f"{', '.join(waiting)} has not finished: the ticket is answered when every unit has")
        told = Alteration(ticket)
        told.set("status", moved(self._before_reply(), Status.REPLIED))
        told.set("handling.undecided_since", None)
        told.set("outcome.replied_at", rfc3339(self._at))
        told.set("outcome.public_reply", text)
        self._record(CaseReplied(at=self._at, actor=self._actor, note_id=note_id, by=by), told)
        self._case.clocks.stop(self._case.clocks.running())
        Replies(ticket, self._at, self._actor).due(note_id)

    def evaluate(self, satisfied: int, channel: str, comment: str | None) -> None:
        """评价, of the reply that was given last. ``Conflict`` before there is one."""
        ticket = self._ticket
        if ticket.form.outcome.replied_at is None:
            raise Conflict("nobody has answered this ticket yet: there is nothing to evaluate")
        event = TicketRated(at=self._at, actor=self._actor, satisfied=satisfied)
        if ticket.status is Status.REPLIED:
            event.changed["status"] = [ticket.status.value, Status.EVALUATED.value]
        ticket.rate(event, channel, comment)

    def archive(self, why: WhyArchived) -> None:
        """归档. ``Conflict`` without a reason that holds."""
        ticket = self._ticket
        if why is WhyArchived.EVALUATED and ticket.form.outcome.evaluation.satisfied is None:
            raise Conflict("the ticket is not evaluated; a visit in vain at three different hours would do, too")
        if why is WhyArchived.NOT_NEEDED and not self._needs_none():
            raise Conflict("only what is empty or praise is put away without an evaluation")
        told = Alteration(ticket)
        if why is WhyArchived.NOT_NEEDED and ticket.status not in CLOSED:
            told.set("status", Status.ARCHIVED)
        else:
            told.set("status", moved(ticket.status, Status.ARCHIVED))
        told.set("outcome.closed_at", rfc3339(self._at))
        self._record(CaseArchived(at=self._at, actor=self._actor, why=why.value), told)
        self._case.cancel()

    def reopen(self, reason: str, note_id: str | None) -> None:
        """重办: the unit that led does it again; where none did, the centre decides."""
        ticket, handling = self._ticket, self._ticket.form.handling
        told = Alteration(ticket)
        told.set("status", moved(ticket.status, Status.HANDLING))
        told.set("handling.reopened", handling.reopened + 1)
        told.set("outcome.closed_at", None)
        self._record(CaseReopened(at=self._at, actor=self._actor, reason=reason, note_id=note_id), told)
        done = [one for one in handling.units if one.status == TaskStatus.ACCEPTED]
        for task in done:
            self._case.send_back(task, reason, None)
        if not done:
            self._case.undecided(reason)

    def inform(self, reason: WhyInformed, note_id: str | None) -> None:
        """告知 instead of acting."""
        event = CaseInformed(at=self._at, actor=self._actor, reason=reason.value, note_id=note_id)
        self._out(event, Status.INFORMED)

    def deflect(self, reason: str, note_id: str | None) -> None:
        """引导 to whose matter it is."""
        self._out(CaseDeflected(at=self._at, actor=self._actor, reason=reason, note_id=note_id), Status.DEFLECTED)

    def supervise(self, reason: str, note_id: str | None) -> None:
        """督办. ``Conflict`` for what is closed."""
        if self._ticket.status in CLOSED:
            raise Conflict(f"a ticket that is {self._ticket.status} is supervised no more")
        self._record(CaseSupervised(at=self._at, actor=self._actor, reason=reason, note_id=note_id), None)

    def _out(self, event: Event, status: Status) -> None:
        gone = Alteration(self._ticket)
        gone.set("status", moved(self._ticket.status, status))
        gone.set("outcome.closed_at", rfc3339(self._at))
        self._record(event, gone)
        self._case.cancel()

    def _before_reply(self) -> Status:
        """What the centre answers itself goes through the same door as what units did."""
        status = self._ticket.status
        return Status.HANDLING if status in {Status.REGISTERED, Status.CLASSIFIED} else status

    def _needs_none(self) -> bool:
        return self._ticket.empty or self._ticket.form.demand.type == DemandType.PRAISE

    def _record(self, event: Any, told: Alteration | None) -> None:
        self._ticket.record(event, told)
