"""Events of a ticket's way through the loop 接诉-分类-派单-反馈-评价 (``docs/case.md``)."""

from __future__ import annotations

from dataclasses import field

from gateway.domain.events.base import Audience, Event, event


@event("case.undecided", zh="职责待定", en="Undecided who acts", tells=Audience.CENTRE)
class CaseUndecided(Event):
    """Nobody knows yet who must act: the centre decides. ``trace``: each stage:rule, ``candidates``: units."""

    reason: str
    trace: list[str] = field(default_factory=list)
    candidates: list[str] = field(default_factory=list)


@event("case.dispatched", zh="派单", en="Dispatched")
class CaseDispatched(Event):
    """Who must act is decided. ``stage``: function, first_asked, territory or centre; ``trace``: each stage:rule."""

    stage: str
    rule: str | None = None
    trace: list[str]
    directory: str
    table: str | None = None
    policy: str


@event("case.replied", zh="已回复诉求人", en="Requester answered")
class CaseReplied(Event):
    """回复: the requester is told what was done. ``by``: whose words they are: desk, unit or case_system."""

    note_id: str
    by: str


@event("case.reopened", zh="重办", en="Reopened")
class CaseReopened(Event):
    """重办: the requester is not content, or it turned out otherwise."""

    reason: str
    note_id: str | None = None


@event("case.reported", zh="承办系统反馈", en="Reported by the case system")
class CaseReported(Event):
    """A city's own case system says how the case stands there. ``late``: newer ones came first."""

    status: str
    reported_at: str
    note_id: str | None = None
    late: bool = False


@event("case.supervised", zh="督办", en="Supervised", tells=Audience.ALL)
class CaseSupervised(Event):
    """督办: the centre presses the units on."""

    reason: str
    note_id: str | None = None


@event("case.conferred", zh="联动会商", en="Conferred with units", tells=Audience.NAMED)
class CaseConferred(Event):
    """联动会商: the centre spoke with ``units`` about it, by one of the plan's six ways."""

    way: str
    units: list[str]
    note_id: str | None = None


@event("case.archived", zh="归档", en="Archived")
class CaseArchived(Event):
    """归档. ``why``: evaluated, unreachable, declined, no_evaluation_needed; then ``waived``: empty or praise."""

    why: str
    waived: str | None = None


@event("case.dissatisfied", zh="诉求人不满意，待中心处理", en="Requester dissatisfied", tells=Audience.CENTRE)
class CaseDissatisfied(Event):
    """The centre decides whether it is done again or supervised. ``of``: the merged ticket whose requester it is.

    ``satisfied`` is left out where they judged it by other words: they urge, or add to what was answered.
    """

    satisfied: int | None = None
    of: str | None = None


@event("case.discontent_over", zh="诉求人不再不满意", en="Requester no longer dissatisfied")
class CaseDiscontentOver(Event):
    """They have thought again, or their ticket is no part of this one any more. ``of``: as in ``case.dissatisfied``."""

    of: str | None = None


@event("case.informed", zh="告知", en="Informed")
class CaseInformed(Event):
    """告知: not this hotline's to act on (litigation, arbitration, discipline, reconsideration, petition)."""

    reason: str
    note_id: str | None = None


@event("case.deflected", zh="引导", en="Redirected")
class CaseDeflected(Event):
    """引导: the requester was told whose matter it is."""

    reason: str
    note_id: str | None = None
