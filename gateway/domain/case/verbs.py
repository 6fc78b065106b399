"""What can be done with a case as a whole, and with each of its tasks, while it stands as it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.domain.case.policy import ClockKind
from gateway.domain.case.reasons import (
    WhyAgain,
    WhyArchived,
    WhyChosen,
    WhyDeflected,
    WhyInformed,
    WhyLater,
    WhyReturned,
)
from gateway.domain.case.stage import WITHIN
from gateway.domain.status import ANSWERED, CLOSED, OPEN, WITHDRAWABLE, Status, may_follow
from gateway.domain.task_status import NEXT, RUNNING, TaskStatus, TaskVerb
from gateway.domain.words import DemandType, Term


class CaseVerb(Term):
    """What is done with a case as a whole."""

    DISPATCH = "dispatch", "派单", "Dispatch"
    REPLY = "reply", "回复", "Reply"
    EVALUATE = "evaluate", "评价", "Evaluate"
    ARCHIVE = "archive", "归档", "Archive"
    REOPEN = "reopen", "重办", "Reopen"
    INFORM = "inform", "告知", "Inform"
    DEFLECT = "deflect", "引导", "Redirect"
    SUPERVISE = "supervise", "督办", "Supervise"
    CONFER = "confer", "联动会商", "Confer"
    WITHDRAW = "withdraw", "撤销", "Withdraw"


REOPENABLE = ANSWERED | {Status.ARCHIVED, Status.INFORMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStanding:
    """How a case stands, as far as it decides what can be done with it."""

    status: Status
    empty: bool
    demand_type: str | None
    replied: bool
    """Whether its requester was ever answered."""
    rated: bool
    """Whether the reply that stands was judged."""
    unreachable: bool
    """Whether enough calls about that reply were made in vain, or none can be made."""
    declined: bool
    """Whether its requester was asked about that reply, and would not judge it."""
    judging: bool
    """Whether the centre is to decide about a dissatisfied requester."""
    supervised: bool
    """Whether it has pressed the units on since that is so."""
    at_work: tuple[str, ...]
    """Units of which something is still to be done."""

    def refusal(self, verb: CaseVerb) -> str | None:
        """Why ``verb`` cannot be done now, for a person; None: it can."""
        if verb is CaseVerb.ARCHIVE:
            refused = [self.not_archived(why) for why in WhyArchived]
            return None if None in refused else refused[0]
        if verb is CaseVerb.REPLY and self.at_work:
            return f"{', '.join(self.at_work)} has not finished: the ticket is answered when every unit has"
        if verb is CaseVerb.EVALUATE and not self.replied:
            return "nobody has answered this ticket yet: there is nothing to evaluate"
        if self.status in _CAN[verb] or (verb is CaseVerb.SUPERVISE and self.judging):
            return None
        return f"a ticket that is {self.status} cannot be {_DONE[verb]}"

    def not_archived(self, why: WhyArchived) -> str | None:
        """Why it cannot be put away for this reason; None: it can."""
        if self.judging and not self.supervised:
            return "its requester is dissatisfied: reopen or supervise it first, with a reason"
        if why is WhyArchived.NOT_NEEDED:
            if not (self.empty or self.demand_type == DemandType.PRAISE):
                return "only what is empty or praise is put away without an evaluation"
            can = self.status not in CLOSED and not self.at_work
        else:
            if why is WhyArchived.EVALUATED and not self.rated:
                return "the ticket is not evaluated; a visit in vain at three different hours would do, too"
            if why is WhyArchived.UNREACHABLE and not self.unreachable:
                return "联系不上 takes three calls in vain, each in another hour of the day, where there is a number"
            if why is WhyArchived.DECLINED and not self.declined:
                return "不愿评价 takes a call in which the requester was asked, and would not say"
            can = self.status in ANSWERED
        return None if can else f"a ticket that is {self.status} cannot be archived"

    def possible(self) -> Iterator[CaseVerb]:
        """What can be done with it now."""
        return (verb for verb in CaseVerb if self.refusal(verb) is None)

    def task_verbs(self, task: TaskStatus, *, asked: bool = False, held: bool = False) -> list[TaskVerb]:
        """See the function of this name."""
        return task_verbs(self.status, task, asked=asked, held=held)


def task_verbs(case: Status, task: TaskStatus, *, asked: bool = False, held: bool = False) -> list[TaskVerb]:
    """What can be done now with a task that stands so, of a case that stands so.

    ``asked``: for more time; ``held``: by the unit that was asked first, which keeps it to the end.
    """
    if case not in WITHIN:
        return []
    verbs = [verb for verb in TaskVerb if verb in NEXT[task] or (asked and verb is TaskVerb.UPHOLD)]
    return [verb for verb in verbs if not (held and verb is TaskVerb.RETURN)]


OFFERED: Final[Mapping[CaseVerb | TaskVerb, type[Term]]] = {
    CaseVerb.DISPATCH: WhyChosen,
    CaseVerb.ARCHIVE: WhyArchived,
    CaseVerb.INFORM: WhyInformed,
    CaseVerb.DEFLECT: WhyDeflected,
    CaseVerb.REOPEN: WhyAgain,
    CaseVerb.SUPERVISE: WhyAgain,
    TaskVerb.REASSIGN: WhyChosen,
    TaskVerb.RETURN: WhyReturned,
    TaskVerb.EXTEND: WhyLater,
    TaskVerb.PAUSE: WhyLater,
    TaskVerb.SEND_BACK: WhyAgain,
}
"""Reasons that are offered, by verb."""


def _leading_to(status: Status) -> frozenset[Status]:
    return frozenset(before for before in Status if may_follow(before, status)) - {status}


_CAN: Mapping[CaseVerb, frozenset[Status]] = {
    CaseVerb.DISPATCH: WITHIN,
    CaseVerb.REPLY: WITHIN,
    CaseVerb.EVALUATE: frozenset(Status) - {Status.WITHDRAWN},
    CaseVerb.REOPEN: REOPENABLE,
    CaseVerb.INFORM: _leading_to(Status.INFORMED),
    CaseVerb.DEFLECT: _leading_to(Status.DEFLECTED),
    CaseVerb.SUPERVISE: OPEN,
    CaseVerb.CONFER: OPEN,
    CaseVerb.WITHDRAW: frozenset(WITHDRAWABLE),
}
_DONE = {
    CaseVerb.DISPATCH: "dispatched",
    CaseVerb.REPLY: "answered",
    CaseVerb.EVALUATE: "evaluated",
    CaseVerb.ARCHIVE: "archived",
    CaseVerb.REOPEN: "reopened",
    CaseVerb.INFORM: "informed",
    CaseVerb.DEFLECT: "redirected",
    CaseVerb.SUPERVISE: "supervised",
    CaseVerb.CONFER: "conferred about",
    CaseVerb.WITHDRAW: "withdrawn",
}


def judged_since(clocks: Iterable[tuple[str, str | None, str | None, str | None]]) -> str | None:
    """Since when the centre is to decide about a dissatisfied requester, by (kind, started, met, stopped); RFC 3339.

    None: it is not to.
    """
    running = (begun or "" for kind, begun, met, stopped in clocks if kind == ClockKind.JUDGE and not (met or stopped))
    return next(running, None)


def at_work(tasks: Iterator[tuple[str | None, str]]) -> tuple[str, ...]:
    """The units of these (unit, status) of which something is still to be done."""
    return tuple(unit or "" for unit, status in tasks if TaskStatus(status) in RUNNING)
