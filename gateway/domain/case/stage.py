"""Where a ticket stands in the loop, by the tasks of its units."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.form import Filled, UnitTask
from gateway.domain.status import Status
from gateway.domain.task_status import BEGUN, GONE, TaskStatus

CATEGORY = "demand.category"
"""Record path of what kind of matter it is."""


def stage(before: Status, units: Sequence[UnitTask], *, classified: bool) -> Status:
    """The status that follows from ``units``; statuses that somebody gave (answered, closed) stay ``before``.

    Where no unit ever had it nothing follows from units: it stays what it was, or what a case system said. Only what is
    registered is then ``classified`` once a person has said what kind of matter it is (``is_classified``).
    """
    if before not in WITHIN:
        return before
    if not units:
        return Status.CLASSIFIED if classified and before is Status.REGISTERED else before
    there = [unit for unit in units if TaskStatus(unit.status) not in GONE]
    if not there:
        return Status.CLASSIFIED
    if any(TaskStatus(unit.status) in BEGUN for unit in there):
        return Status.HANDLING
    if any(unit.signed_at for unit in there):
        return Status.SIGNED
    return Status.DISPATCHED


def is_classified(category: str | None, entry: Filled | None) -> bool:
    """Whether a person has set or confirmed the ``category``; ``entry``: its evidence. A guess alone does not do."""
    return category is not None and entry is not None and entry.confirmed_by is not None


WITHIN = frozenset({Status.REGISTERED, Status.CLASSIFIED, Status.DISPATCHED, Status.SIGNED, Status.HANDLING})
"""The statuses that follow from tasks alone."""
