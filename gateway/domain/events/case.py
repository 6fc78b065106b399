"""Events of a ticket's way through the loop 接诉-分类-派单-反馈-评价 (``docs/case.md``)."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("case.undecided", zh="职责待定", en="Undecided who acts")
class CaseUndecided(Event):
    """Nobody knows yet who must act: the centre decides."""

    reason: str


@event("case.dispatched", zh="派单", en="Dispatched")
class CaseDispatched(Event):
    """Who must act is decided. ``stage``: function, first_asked, territory or centre; ``trace``: each stage:rule."""

    stage: str
    rule: str | None = None
    trace: list[str]
    directory: str
    policy: str


@event("case.replied", zh="已回复诉求人", en="Requester answered")
class CaseReplied(Event):
    """回复: the requester is told what was done. ``by``: how it reaches them first."""

    note_id: str
    by: str


@event("case.reopened", zh="重办", en="Reopened")
class CaseReopened(Event):
    """重办: the requester is not content, or it turned out otherwise."""

    reason: str
    note_id: str | None = None


@event("case.supervised", zh="督办", en="Supervised")
class CaseSupervised(Event):
    """督办: the centre presses the units on."""

    reason: str
    note_id: str | None = None


@event("case.archived", zh="归档", en="Archived")
class CaseArchived(Event):
    """归档. ``why``: evaluated, unreachable, no_evaluation_needed; then ``waived``: empty or praise."""

    why: str
    waived: str | None = None


@event("case.dissatisfied", zh="诉求人不满意，待中心处理", en="Requester dissatisfied")
class CaseDissatisfied(Event):
    """The centre decides whether it is done again or supervised. ``of``: the merged ticket whose requester it is.

    ``satisfied`` is left out where they judged it by other words: they urge, or add to what was answered.
    """

    satisfied: int | None = None
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
