"""What happened to cases, counted once more from nothing but their events.

It goes by what events are called, not by ``changed``: the record is made of that, and would be compared with itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TASKS = {
    "signed": "signed",
    "responded": "working",
    "arrived": "working",
    "return_asked": "returning",
    "returned": "returned",
    "upheld": "upheld",
    "extended": "extended",
    "paused": "paused",
    "resumed": "working",
    "replied": "replied",
    "accepted": "accepted",
    "sent_back": "sent_back",
    "cancelled": "cancelled",
}
_STAGES = {
    "ticket.registered": "registered",
    "ticket.withdrawn": "withdrawn",
    "ticket.merged": "merged",
    "case.undecided": "classified",
    "case.replied": "replied",
    "case.reopened": "handling",
    "case.archived": "archived",
    "case.informed": "informed",
    "case.deflected": "deflected",
}
_GIVEN = frozenset({"replied", "evaluated", "archived", "merged", "informed", "deflected", "withdrawn"})
_GONE = frozenset({"returned", "cancelled"})
_ANSWERS = frozenset({"responded", "arrived"})
_SIGNS = _ANSWERS | {"signed", "extended", "paused", "replied"}
_BEGUN = frozenset({"working", "extended", "paused", "replied", "accepted", "sent_back"})


@dataclass(frozen=True, slots=True)
class Counts:
    """What a city asks about its cases."""

    stages: Counter[str]
    """Tickets by where they stand."""
    tasks: Counter[tuple[str, str]]
    """By unit and where they stand."""
    breaches: Counter[tuple[str | None, str]]
    """By unit (None: the centre) and kind of clock."""
    ratings: Counter[int]
    overdue: frozenset[str]
    """挂账: clock_ids."""


@dataclass(slots=True)
class CountedTask:
    """One task, by its events."""

    ticket_id: str
    unit: str
    status: str = "offered"
    signed: bool = False


@dataclass(slots=True)
class Recount:
    """Counts of everything that ``take`` was told of, in order."""

    tasks: dict[str, CountedTask] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    """ticket_id -> the stage that somebody gave it last; within the loop it follows from its tasks."""
    before_merge: dict[str, str] = field(default_factory=dict)
    overdue: set[str] = field(default_factory=set)
    breaches: Counter[tuple[str | None, str]] = field(default_factory=Counter)
    """By unit (None: the centre) and kind of clock."""
    ratings: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def take(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Go on counting."""
        for event in events:
            room, _, what = event["type"].partition(".")
            self.kinds[event["type"]] += 1
            if room == "task":
                self._task(what, event["ticket_id"], event["data"])
            elif room == "clock":
                self._clock(what, event["data"])
            else:
                self._ticket(event["type"], event["ticket_id"], event["data"])

    def _task(self, what: str, ticket_id: str, data: Mapping[str, Any]) -> None:
        if what == "offered":
            self.tasks[data["task_id"]] = CountedTask(ticket_id, data["unit"])
            return
        task = self.tasks[data["task_id"]]
        if what == "reassigned":
            task.status = "returned" if task.status == "returning" else "cancelled"
        elif task.status != "returning" or what not in _ANSWERS:  # it is still the centre's to review
            task.status = _TASKS.get(what, task.status)
        task.signed = task.signed or what in _SIGNS

    def _clock(self, what: str, data: Mapping[str, Any]) -> None:
        clock_id = data["clock_id"]
        if what == "breached":
            if data["clock_kind"] != "visit":  # whom to call is among the calls that are owed
                self.overdue.add(clock_id)
            self.breaches[data.get("unit"), data["clock_kind"]] += 1
        elif what in {"met", "stopped", "moved", "unbreached"}:
            self.overdue.discard(clock_id)
            if what == "unbreached":
                self.breaches[data.get("unit"), data["clock_kind"]] -= 1

    def _ticket(self, kind: str, ticket_id: str, data: Mapping[str, Any]) -> None:
        if kind == "ticket.merged" and "into" not in data:
            return  # told of the head as well
        if kind == "ticket.merged":
            self.before_merge[ticket_id] = self.given[ticket_id]
        if kind == "ticket.unmerged" and "from" in data:
            self.given[ticket_id] = self.before_merge.pop(ticket_id)
        if kind == "ticket.corrected" and "demand.category" in data["fields"]:
            self._classified(ticket_id)
        if kind == "ticket.rated":
            self.ratings[data["satisfied"]] += 1
            for given in (self.given, self.before_merge):
                if given.get(ticket_id) == "replied":
                    given[ticket_id] = "evaluated"
        self.given[ticket_id] = _STAGES.get(kind, self.given.get(ticket_id, "registered"))

    def _classified(self, ticket_id: str) -> None:
        """A person has said what kind of matter it is, maybe of one that is merged."""
        for given in (self.given, self.before_merge):
            if given.get(ticket_id) == "registered":
                given[ticket_id] = "classified"

    def counts(self) -> Counts:
        """What it comes to."""
        own: dict[str, list[CountedTask]] = {ticket_id: [] for ticket_id in self.given}
        for task in self.tasks.values():
            own[task.ticket_id].append(task)
        return Counts(
            stages=Counter(self._stage(given, own[ticket_id]) for ticket_id, given in self.given.items()),
            tasks=Counter((task.unit, task.status) for task in self.tasks.values()),
            breaches=+self.breaches,
            ratings=Counter(self.ratings),
            overdue=frozenset(self.overdue),
        )

    def _stage(self, given: str, tasks: list[CountedTask]) -> str:
        if given in _GIVEN:
            return given
        there = [task for task in tasks if task.status not in _GONE]
        if any(task.status in _BEGUN for task in there):
            return "handling"
        if any(task.signed for task in there):
            return "signed"
        if there:
            return "dispatched"
        return "classified" if tasks else given
