"""Events of a ticket's way through the loop 接诉-分类-派单-反馈-评价 (``docs/case.md``)."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("case.undecided")
class CaseUndecided(Event):
    """Nobody knows yet who must act: the centre decides."""

    reason: str


@event("case.dispatched")
class CaseDispatched(Event):
    """Who must act is decided. ``stage``: function, first_asked, territory or centre; ``trace``: each [stage, rule]."""

    stage: str
    rule: str | None = None
    trace: list[list[str]]
    directory: str
    policy: str


@event("case.replied")
class CaseReplied(Event):
    """回复: the requester is told what was done. ``by``: how it reaches them first."""

    note_id: str
    by: str


@event("case.reopened")
class CaseReopened(Event):
    """重办: the requester is not content, or it turned out otherwise."""

    reason: str
    note_id: str | None = None


@event("case.supervised")
class CaseSupervised(Event):
    """督办: the centre presses the units on."""

    reason: str
    note_id: str | None = None


@event("case.archived")
class CaseArchived(Event):
    """归档. ``why``: evaluated, unreachable, no_evaluation_needed."""

    why: str


@event("case.informed")
class CaseInformed(Event):
    """告知: not this hotline's to act on (litigation, arbitration, discipline, reconsideration, petition)."""

    reason: str
    note_id: str | None = None


@event("case.deflected")
class CaseDeflected(Event):
    """引导: the requester was told whose matter it is."""

    reason: str
    note_id: str | None = None
