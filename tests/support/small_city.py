"""A small city: its units with their hours, its tables, its people and their demands; all by one seed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch import Decision, decide
from gateway.domain.case.dispatch_table import Dispatched, DispatchTable
from gateway.domain.case.matters import Matters
from gateway.domain.case.policy import WALL, CasePolicy, ClockKind, LimitOverride, Matter, Reckoning, TimeLimit
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.form import Demand, Form
from gateway.domain.hours import parse_span
from gateway.edge.case_policy import read_case_policy
from gateway.edge.dispatch_table import KnownCodes, read_dispatch
from gateway.edge.unit_table import read_units
from gateway.edge.workdays import read_workdays
from gateway.prefill.taxonomy import read_taxonomy
from tests.support.clocks import SHANGHAI

CONFIG = Path(__file__).resolve().parents[2] / "config"
UNITS, PEOPLE = 60, 1500
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 8, 14, 15, 13, 10, 7, 8, 12, 12, 11, 10, 9, 9, 8, 6, 4, 2)
"""How many call, by the hour of the day."""
_TYPES = ("consultation",) * 4 + ("complaint",) * 4 + ("help",) * 3 + ("suggestion", "report", "praise")


@dataclass(frozen=True, slots=True)
class Need:
    """What somebody wants, as it is taken down."""

    category: str
    street: str
    type: str
    phone: str
    empty: bool

    def form(self) -> Form:
        """The form of the ticket."""
        form = Form(demand=Demand(type=self.type, content=None if self.empty else "小区里出了问题，请派人来看"))
        form.demand.category.code = self.category
        form.place.street.code, form.place.district.code = self.street, self.street[:6]
        form.requester.phone = self.phone
        return form


class SmallCity:
    """Sixty of the shipped units, and demands that those are about."""

    def __init__(self, seed: int) -> None:
        """The same seed, the same city."""
        with (CONFIG / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
            places = list(csv.DictReader(file))
        divisions = {row["code"]: row["name"] for row in places}
        units = read_units(CONFIG / "units.csv", divisions)
        taxonomy = read_taxonomy(CONFIG / "taxonomy.csv", units)
        known = KnownCodes(
            categories={code: node.names[-1] for code, node in taxonomy.items()},
            divisions=divisions,
            units={code: unit.name_zh for code, unit in units.items()},
        )
        self._leaves = sorted(set(taxonomy) - {node.parent for node in taxonomy.values()})
        self._streets = sorted(row["code"] for row in places if row["level"] == "street")
        self._directory = Directory(units.values())
        self._table = DispatchTable(read_dispatch(CONFIG / "dispatch.csv", known))
        chance = Random(seed)
        reached = {self.decided(need, date(2026, 2, 13)).lead for need in (self.need(chance) for _ in range(5000))}
        there = sorted(code for code in reached if code is not None)
        self.units = tuple(sorted(chance.sample(there, UNITS)))
        public = read_workdays(CONFIG / "workdays.csv")
        self.calendars = {
            code: WorkCalendar(code=code, zone=SHANGHAI, spans=tuple(map(parse_span, units[code].hours)), public=public)
            for code in self.units
        }
        self.slow = {code: chance.uniform(0.4, 2.0) for code in self.units}
        """How slowly each unit works, beside the usual."""
        self.rules = CaseRules(policy=self._policy(), calendars=self.calendars, matters=Matters(taxonomy))

    def _policy(self) -> CasePolicy:
        """What is shipped; but replies about parks are counted in working time, so that calendars matter."""
        shipped = read_case_policy(CONFIG / "case_policy.yaml", version=1)
        usual = shipped.limits[ClockKind.REPLY]
        worked = TimeLimit(
            length=timedelta(hours=13),
            counted=Reckoning.WORK,
            warn_before=timedelta(hours=2),
            escalation=usual.escalation,
        )
        some = tuple(
            LimitOverride(kind=ClockKind.REPLY, matter=Matter(category=code), limit=worked) for code in ("04", "05")
        )
        return replace(shipped, overrides=some)

    def need(self, chance: Random) -> Need:
        """Anybody's, also of units that are none of this city's."""
        return Need(
            category=chance.choice(self._leaves),
            street=chance.choice(self._streets),
            type=chance.choice(_TYPES),
            phone=f"+86139{chance.randrange(PEOPLE):08d}",
            empty=chance.random() < 0.02,
        )

    def every_need(self) -> Iterator[Need]:
        """One of each leaf of the taxonomy in each street."""
        for category in self._leaves:
            for street in self._streets:
                yield Need(category=category, street=street, type="complaint", phone="", empty=False)

    def need_of_ours(self, chance: Random, on: date) -> tuple[Need, Decision]:
        """One that this city's units, or its centre, can do something about; and who must act."""
        while True:
            need = self.need(chance)
            decision = self.decided(need, on)
            if all(code in self.units for code, _ in decision.units):
                return need, decision

    def decided(self, need: Need, on: date) -> Decision:
        """Who must act, by the shipped tables."""
        asked = Dispatched(category=need.category, division=need.street, line="citizen", on=on)
        return decide(asked, self._directory, self._table)

    def calls(self, chance: Random, contacts: int, begin: datetime, days: int) -> list[datetime]:
        """When people turn to the city: by day more than by night."""
        hours = chance.choices(range(24), BY_HOUR, k=contacts)
        return sorted(
            begin + timedelta(days=chance.randrange(days), hours=hour, seconds=chance.randrange(3600)) for hour in hours
        )

    def at_work(self, unit: str, at: datetime) -> datetime:
        """The first moment from ``at`` on at which the unit works."""
        return self.calendars.get(unit, WALL).opening(at)
