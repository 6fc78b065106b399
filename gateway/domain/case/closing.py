"""How a case ends: 回复, 评价, 归档; 告知 and 引导 instead of acting; 重办, 督办 and 会商 when it was not well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.domain.case.answer import answer
from gateway.domain.case.case import Case
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.reasons import ConferWay, WhyArchived, WhyInformed
from gateway.domain.case.replies import Replies, is_settled, is_unreachable, judged_at, newest
from gateway.domain.case.verbs import CaseStanding, CaseVerb, at_work, judged_since
from gateway.domain.events import (
    CaseArchived,
    CaseConferred,
    CaseDeflected,
    CaseDiscontentOver,
    CaseDissatisfied,
    CaseInformed,
    CaseReopened,
    CaseSupervised,
    Event,
    TicketRated,
)
from gateway.domain.ids import rfc3339
from gateway.domain.reply_state import Score
from gateway.domain.status import CLOSED, UNANSWERED, Status, moved
from gateway.domain.task_status import TaskStatus
from gateway.domain.ticket import Alteration, Ticket
from gateway.domain.words import DemandType
from gateway.errors import Conflict, NotJudged

CONTENT = 3
"""A rating below is 不满意."""


class Closing:
    """What happens to ``ticket`` as a whole at one instant, done by ``actor``."""

    __slots__ = ("_actor", "_at", "_case", "_ticket")

    def __init__(self, case: Case, ticket: Ticket, at: datetime, actor: str) -> None:
        """Nothing happens yet."""
        self._case, self._ticket, self._at, self._actor = case, ticket, at, actor

    def reply(self, note_id: str, text: str, by: str, since: datetime | None = None) -> None:
        """回复, given elsewhere at ``since``. ``Conflict`` while a unit has something to do, or when it is closed."""
        self._check(CaseVerb.REPLY)
        ticket, clocks = self._ticket, self._case.clocks
        answer(ticket, clocks, at=self._at, actor=self._actor, note_id=note_id, text=text, by=by, since=since)

    def judge(self, satisfied: int, channel: str, comment: str | None, reply_id: str | None = None) -> None:
        """评价 by the requester: as ``evaluate``; ``NotJudged`` when they have done so often, or long ago."""
        given, outcome = self._ticket.form.handling.replies, self._ticket.form.outcome
        of = reply_id or (given[-1].reply_id if given else None)
        if is_settled(judged_at(of, outcome.evaluations), self._at):
            raise NotJudged("this reply was judged already; its requester had ten minutes to think again")
        self.evaluate(satisfied, channel, comment, reply_id)

    def evaluate(self, satisfied: int, channel: str, comment: str | None, reply_id: str | None = None) -> None:
        """评价, of the reply ``reply_id`` (None: the one that was given last). ``NotJudged`` before there is one."""
        ticket = self._ticket
        given = ticket.form.handling.replies
        if (refused := standing_of(ticket, UTC).refusal(CaseVerb.EVALUATE)) is not None:
            raise NotJudged(refused)
        judged = given[-1] if given else None
        if reply_id is not None:
            judged = next((one for one in given if one.reply_id == reply_id), None)
            if judged is None:
                raise NotJudged("the ticket was given no such reply")
        event = TicketRated(at=self._at, actor=self._actor, satisfied=satisfied)
        if judged is not None:
            event.reply_id, event.score = judged.reply_id, (Score.FIRST if judged is given[0] else Score.FINAL).value
        stands = judged is None or judged is given[-1]
        if stands and ticket.status is Status.REPLIED:
            event.changed["status"] = [ticket.status.value, Status.EVALUATED.value]
        ticket.rate(event, channel, comment)
        if not stands:
            return
        self._case.clocks.meet(self._case.clocks.running(ClockKind.VISIT))
        if satisfied >= CONTENT:
            self.content()
        elif ticket.form.related.merged_into is None:
            self.dissatisfied(satisfied)

    def is_judged_so(self, satisfied: int, channel: str, comment: str | None, reply_id: str | None = None) -> bool:
        """Whether that is what was said last: a second click, a second delivery."""
        form = self._ticket.form
        given, last = form.handling.replies, form.outcome.evaluations[-1:]
        of = reply_id or (given[-1].reply_id if given else None)
        return [(one.satisfied, one.channel, one.comment, one.reply_id) for one in last] == [
            (satisfied, channel, comment, of)
        ]

    def dissatisfied(self, satisfied: int | None, of: str | None = None) -> None:
        """不满意: the centre has to decide, in the time that the policy gives it; it hears of each requester once.

        What is in work once more, it has decided about.
        """
        waiting, who = self._dissatisfied, of or self._ticket.ticket_id
        if who in waiting or self._ticket.status in UNANSWERED:
            return
        told = Alteration(self._ticket)
        told.set("handling.dissatisfied", [*waiting, who])
        self._record(CaseDissatisfied(at=self._at, actor=self._actor, satisfied=satisfied, of=of), told)
        if not waiting:
            self._case.clocks.start(ClockKind.JUDGE)

    def content(self, of: str | None = None) -> None:
        """Whoever was dissatisfied is so no more: about them the centre need not decide."""
        waiting, who = self._dissatisfied, of or self._ticket.ticket_id
        if who not in waiting:
            return
        told = Alteration(self._ticket)
        told.set("handling.dissatisfied", [one for one in waiting if one != who])
        self._record(CaseDiscontentOver(at=self._at, actor=self._actor, of=of), told)
        if waiting == [who]:
            self._case.clocks.stop(self._case.clocks.running(ClockKind.JUDGE))

    @property
    def _dissatisfied(self) -> list[str]:
        """Tickets whose requesters wait for the centre's decision: this one, or others that went into it."""
        waits = any(self._case.clocks.running(ClockKind.JUDGE))
        return self._ticket.form.handling.dissatisfied or [self._ticket.ticket_id] if waits else []

    def archive(self, why: WhyArchived, zone: tzinfo) -> None:
        """归档. ``Conflict`` without a reason that holds; ``zone``: the city's, by which hours of the day are told."""
        ticket = self._ticket
        if (refused := standing_of(ticket, zone).not_archived(why)) is not None:
            raise Conflict(refused)
        told = Alteration(ticket)
        told.set("status", Status.ARCHIVED)
        told.set("handling.undecided_since", None)
        told.set("outcome.closed_at", rfc3339(self._at))
        waived = None
        if why is WhyArchived.NOT_NEEDED:
            waived = "empty" if ticket.empty else DemandType.PRAISE.value
        self._record(CaseArchived(at=self._at, actor=self._actor, why=why.value, waived=waived), told)
        self._decided()
        self._case.cancel()

    def reopen(self, reason: str, note_id: str | None) -> None:
        """重办: the unit that led does it again; where none did, whoever gives it out decides."""
        ticket, handling = self._ticket, self._ticket.form.handling
        self._check(CaseVerb.REOPEN)
        told = Alteration(ticket)
        told.set("status", moved(ticket.status, Status.HANDLING))
        told.set("handling.reopened", handling.reopened + 1)
        told.set("handling.reopened_at", rfc3339(self._at))
        told.set("handling.undecided_since", None)
        told.set("outcome.closed_at", None)
        self._record(CaseReopened(at=self._at, actor=self._actor, reason=reason, note_id=note_id), told)
        self.opened_again()
        done = [one for one in handling.units if one.status == TaskStatus.ACCEPTED]
        for task in done:
            self._case.send_back(task, reason, None)
        if self._case.led_by is None and (handling.units or self._case.rules.policy.gives_out):
            self._case.undecided(reason)

    def opened_again(self) -> None:
        """It is in work once more: nothing is left to decide about its requester, nor to ask them."""
        self._decided()
        self._case.clocks.stop(self._case.clocks.running(ClockKind.VISIT))

    def inform(self, reason: WhyInformed, note_id: str | None, text: str | None) -> None:
        """告知 instead of acting. The requester is told ``text``; None: they have been."""
        event = CaseInformed(at=self._at, actor=self._actor, reason=reason.value, note_id=note_id)
        self._out(event, Status.INFORMED, note_id, text)

    def deflect(self, reason: str, note_id: str | None, text: str | None) -> None:
        """引导 to whose matter it is. The requester is told ``text``; None: they have been."""
        event = CaseDeflected(at=self._at, actor=self._actor, reason=reason, note_id=note_id)
        self._out(event, Status.DEFLECTED, note_id, text)

    def supervise(self, reason: str, note_id: str | None) -> None:
        """督办. ``Conflict`` for what is closed, unless its requester is dissatisfied.

        Then it stays closed, by the centre's decision; what is open is still to be reopened or put away.
        """
        self._check(CaseVerb.SUPERVISE)
        told = Alteration(self._ticket)
        told.set("handling.supervised_at", rfc3339(self._at))
        self._record(CaseSupervised(at=self._at, actor=self._actor, reason=reason, note_id=note_id), told)
        if self._ticket.status in CLOSED:
            self._decided()

    def confer(self, way: ConferWay, units: Sequence[str], note_id: str | None) -> None:
        """联动会商 with ``units``, as it took place. ``Conflict`` for what is closed."""
        self._check(CaseVerb.CONFER)
        event = CaseConferred(at=self._at, actor=self._actor, way=way.value, units=list(units), note_id=note_id)
        self._record(event, None)

    def merged(self, head: Closing) -> None:
        """It is part of another one: nobody does anything about it here; who is dissatisfied is so there."""
        score = self._ticket.form.outcome.evaluation.satisfied
        for who in self._dissatisfied:
            own = who == self._ticket.ticket_id and score is not None and score < CONTENT
            head.dissatisfied(score if own else None, who)
        self._case.cancel()

    def unmerged(self, head: Closing) -> None:
        """It is one of its own again: what its requester is asked, and the centre has to decide, is open once more."""
        ours = [self._ticket.ticket_id, *self._ticket.form.handling.dissatisfied]
        self._case.unmerged()
        ticket, clocks = self._ticket, self._case.clocks
        judged = ticket.form.outcome.evaluation.satisfied
        if ticket.status is Status.REPLIED:
            clocks.start(ClockKind.VISIT)
        elif ticket.status is Status.EVALUATED and judged is not None and judged < CONTENT:
            self.dissatisfied(judged)
        for who in dict.fromkeys(ours):
            if who in head._dissatisfied:
                head.content(who)
                self.dissatisfied(None, who if who != ticket.ticket_id else None)

    def _decided(self) -> None:
        """The centre has decided about a dissatisfied requester."""
        self._case.clocks.meet(self._case.clocks.running(ClockKind.JUDGE))

    def _out(self, event: Event, status: Status, note_id: str | None, text: str | None) -> None:
        gone, now = Alteration(self._ticket), rfc3339(self._at)
        gone.set("status", moved(self._ticket.status, status))
        gone.set("handling.undecided_since", None)
        gone.set("outcome.closed_at", now)
        if text is not None:
            gone.set("outcome.replied_at", now)
            gone.set("outcome.public_reply", text)
        self._record(event, gone)
        self._case.cancel()
        if text is not None and note_id is not None:
            Replies(self._ticket, self._at, self._actor).due(note_id)

    def _check(self, verb: CaseVerb) -> None:
        if (refused := standing_of(self._ticket, UTC).refusal(verb)) is not None:
            raise Conflict(refused)

    def _record(self, event: Any, told: Alteration | None) -> None:
        self._ticket.record(event, told)


def is_rated(ticket: Ticket) -> bool:
    """Whether its requester has judged the reply that stands."""
    outcome, reply = ticket.form.outcome, newest(ticket.form.handling)
    if reply is None:
        return outcome.evaluation.satisfied is not None
    return any(one.reply_id == reply.reply_id for one in outcome.evaluations)


def standing_of(ticket: Ticket, zone: tzinfo) -> CaseStanding:
    """How ``ticket`` stands; ``zone``: the city's, by which it is told whether its requester can be reached."""
    form, reply = ticket.form, newest(ticket.form.handling)
    judging = judged_since((one.kind, one.started_at, one.met_at, one.stopped_at) for one in form.handling.clocks)
    return CaseStanding(
        status=ticket.status,
        empty=ticket.empty,
        demand_type=form.demand.type,
        replied=form.outcome.replied_at is not None,
        rated=is_rated(ticket),
        unreachable=reply is not None and is_unreachable(reply.called_at, reply.uncallable_at, zone),
        declined=reply is not None and reply.declined_at is not None,
        judging=judging is not None,
        supervised=judging is not None and (form.handling.supervised_at or "") >= judging,
        at_work=at_work((one.unit, one.status) for one in form.handling.units),
    )
