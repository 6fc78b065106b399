"""What a changed directory or dispatch table would move of tickets that were there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.casework.catalogue_versions import InForce
from gateway.domain.case.dispatch import Decision, decide
from gateway.domain.case.dispatch_table import Dispatched
from gateway.domain.words import Crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedTicket:
    """A ticket whose units would be others."""

    ticket_no: str
    before: Decision
    after: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """``asked`` tickets of which ``moved`` would go elsewhere; how many the centre decides before and after."""

    asked: int
    moved: tuple[MovedTicket, ...]
    undecided_before: int
    undecided_after: int

    @property
    def ways(self) -> list[tuple[str | None, str | None, int]]:
        """From which lead to which (None: the centre decides), and how many; the most first."""
        counts = Counter((one.before.lead, one.after.lead) for one in self.moved)
        return [(*way, count) for way, count in counts.most_common()]


def simulate(demands: Iterable[tuple[str, Dispatched]], before: InForce, after: InForce) -> Simulation:
    """Decide on each of ``demands`` (ticket_no, what is asked) by both; on the same day, the one that it names."""
    asked = undecided_before = undecided_after = 0
    moved = []
    for ticket_no, demand in demands:
        old = decide(demand, before.directory, before.table)
        new = decide(demand, after.directory, after.table)
        asked += 1
        undecided_before += old.lead is None
        undecided_after += new.lead is None
        if old.units != new.units:
            moved.append(MovedTicket(ticket_no=ticket_no, before=old, after=new))
    return Simulation(
        asked=asked, moved=tuple(moved), undecided_before=undecided_before, undecided_after=undecided_after
    )


def demand_of(record: Mapping[str, Any], categories: Mapping[str, bool], on: date) -> Dispatched:
    """What dispatch is asked about a ticket. ``categories`` says of each code whether a ticket may stay there.

    A category that is none of them counts as none.
    """
    place, category = record["place"], record["demand"]["category"]["code"]
    crossing = record["handling"].get("crossing")
    divisions = (place[level]["code"] for level in ("community", "street", "district"))
    return Dispatched(
        category=category if category in categories else None,
        may_stay=categories.get(category, True),
        division=next(filter(None, divisions), None),
        line=record["line"],
        on=on,
        first_asked=record["handling"].get("first_asked"),
        crossing=Crossing(crossing) if crossing else None,
    )
