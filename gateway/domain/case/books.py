"""挂账: what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueClock:
    """A limit that was not kept, of something that is still not done."""

    clock_id: str
    ticket_id: str
    task_id: str | None
    kind: str
    unit: str | None
    """Whose it is; None: the centre's."""
    due_at: datetime
    overdue_since: datetime
    supervised: int = 0
    """督办: how often since it is overdue."""
    supervised_at: datetime | None = None
    """When last."""
