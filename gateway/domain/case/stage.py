"""Where a ticket stands in the loop, by the tasks of its units."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.form import UnitTask
from gateway.domain.status import Status
from gateway.domain.task_status import BEGUN, GONE, TaskStatus


def stage(before: Status, units: Sequence[UnitTask], *, classified: bool) -> Status:
    """The status that follows from ``units``; statuses that somebody gave (answered, closed) stay ``before``."""
    if before not in WITHIN:
        return before
    there = [unit for unit in units if TaskStatus(unit.status) not in GONE]
    if not there:
        return Status.CLASSIFIED if classified or units else Status.REGISTERED
    if any(TaskStatus(unit.status) in BEGUN for unit in there):
        return Status.HANDLING
    if any(unit.signed_at for unit in there):
        return Status.SIGNED
    return Status.DISPATCHED


WITHIN = frozenset({Status.REGISTERED, Status.CLASSIFIED, Status.DISPATCHED, Status.SIGNED, Status.HANDLING})
"""The statuses that follow from tasks alone."""
