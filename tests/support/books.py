"""挂账 of any instant, recounted from events: the list that the rows of ``clocks`` held then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.case.books import OverdueClock
from gateway.domain.case.policy import BY_CALL
from gateway.domain.events import CaseSupervised
from gateway.domain.ids import from_rfc3339

PREFIX = "handling.clocks."
_FIELDS = frozenset({"kind", "task_id", "unit", "due_at", "breached_at", "met_at", "stopped_at"})
Entry = Mapping[str, Any]
"""An event as the reader shows it: type, at (RFC 3339), ticket_id and data at least."""


@dataclass(slots=True)
class Books:
    """The list, as events in their order make it."""

    _clocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    _of: dict[str, str] = field(default_factory=dict)
    _supervised: dict[str, list[datetime]] = field(default_factory=dict)

    def tell(self, event: Entry) -> None:
        """One more event has happened."""
        if event["type"] == CaseSupervised.TYPE:
            self._supervised.setdefault(event["ticket_id"], []).append(from_rfc3339(event["at"]))
        for path, (_, code) in (event["data"].get("changed") or {}).items():
            if path.startswith(PREFIX):
                _, _, clock_id, name = path.split(".")
                if name in _FIELDS:
                    self._clocks.setdefault(clock_id, {})[name] = code
                    self._of[clock_id] = event["ticket_id"]

    def overdue(self, unit: str | None = None) -> list[OverdueClock]:
        """What is on the list, of one unit or (None) of all and of the centre; the longest first."""
        found = [self._shown(key, clock) for key, clock in self._clocks.items() if _stands(clock)]
        mine = (one for one in found if unit in {None, one.unit})
        return sorted(mine, key=lambda one: (one.overdue_since, one.clock_id))

    def _shown(self, clock_id: str, clock: Mapping[str, Any]) -> OverdueClock:
        since = from_rfc3339(clock["breached_at"])
        supervised = [at for at in self._supervised.get(self._of[clock_id], ()) if at >= since]
        return OverdueClock(
            clock_id=clock_id,
            ticket_id=self._of[clock_id],
            task_id=clock.get("task_id"),
            kind=clock["kind"],
            unit=clock.get("unit"),
            due_at=from_rfc3339(clock["due_at"]),
            overdue_since=since,
            supervised=len(supervised),
            supervised_at=max(supervised, default=None),
        )


def overdue_at(events: Iterable[Entry], at: datetime, unit: str | None = None) -> list[OverdueClock]:
    """What was on the list at ``at``; ``events`` in order of event_seq, of all tickets that are meant."""
    books = Books()
    for event in events:
        if from_rfc3339(event["at"]) <= at:
            books.tell(event)
    return books.overdue(unit)


def _stands(clock: Mapping[str, Any]) -> bool:
    ended = clock.get("met_at") or clock.get("stopped_at")
    return bool(clock.get("breached_at")) and not ended and clock["kind"] not in BY_CALL
