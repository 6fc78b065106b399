"""One ticket and who works on it, without a store: the domain's own methods at instants that tests name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.casework.case_work import WorkOnCase
from gateway.casework.fire_clock import FireClock
from gateway.domain.case.case import Case, Offer
from gateway.domain.case.clock import CaseClock
from gateway.domain.case.matters import Matters
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.case.ticket_clocks import clock_shown
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied
from gateway.domain.events import CaseDispatched
from gateway.domain.form import Form, UnitTask
from gateway.domain.journal import Journal
from gateway.domain.task_status import Role
from gateway.domain.ticket import Ticket
from gateway.domain.world import World
from gateway.edge.case_policy import read_case_policy
from gateway.edge.unit_table import read_units
from gateway.prefill.taxonomy import read_taxonomy
from tests.support.clocks import SHANGHAI

CONFIG = Path(__file__).resolve().parents[2] / "config"
SHIPPED = CaseRules(
    policy=read_case_policy(CONFIG / "case_policy.yaml", version=1),
    matters=Matters(read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv"))),
)
"""By policy and taxonomy that the installation brings; units work around the clock."""


def on(text: str) -> datetime:
    """What the wall in Shanghai shows: ``12-01 09:00`` of 2026, also with seconds, or with its year before it."""
    whole = text if text[4:5] == "-" else f"2026-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class OneTicket:
    """A ticket; who does something to it says when."""

    registered: str = "12-01 09:00"
    type: str = "complaint"
    category: str | None = None
    urgent: bool = False
    rules: CaseRules = SHIPPED
    world: World = field(init=False)
    ticket: Ticket = field(init=False)

    def __post_init__(self) -> None:
        """It is registered."""
        journal = Journal(0)
        self.world = World(journal=journal, zone=SHANGHAI, new_id=lambda: "x", case_rules=self.rules)
        self.ticket = self.world.tickets["t"] = Ticket(
            journal=journal,
            ticket_id="t",
            channel="web",
            channel_id="web",
            created_at=on(self.registered),
            line="citizen",
            form=Form(),
            new=True,
        )
        self._say()

    def _say(self) -> None:
        demand = self.ticket.form.demand
        demand.type, demand.category.code = self.type, self.category
        demand.urgency.level = "urgent" if self.urgent else None

    def corrected(self, at: str, **demand: Any) -> None:
        """The demand is ``type``, ``category`` or ``urgent`` after all."""
        for name, value in demand.items():
            setattr(self, name, value)
        self._say()
        self.case(at).corrected()

    def case(self, at: str, actor: str = "user:li") -> Case:
        """What may be done at this instant."""
        return Case(self.ticket, on(at), actor, self.rules)

    def whole(self, at: str, verb: CaseVerb, **more: Any) -> Applied:
        """``verb`` is done with the case as a whole."""
        work = WorkOnCase(at=on(at), actor="user:li", ticket_id="t", verb=verb, note_id="n9", **more)
        return work.decide(self.world)

    def answered(self, at: str) -> None:
        """Its requester is told."""
        self.whole(at, CaseVerb.REPLY, text="修好了")

    def dispatched(self, at: str, *units: str, joint: bool = False, stage: str = "function") -> None:
        """To ``units``, of which the first leads unless all are ``joint``; the task of M01 is ``k-M01``."""
        decided = CaseDispatched(at=on(at), stage=stage, trace=[], directory="directory:1", policy="policy:1")
        roles = [Role.JOINT if nth or joint else Role.LEAD for nth in range(len(units))]
        offers = [Offer(task_id=f"k-{unit}", unit=unit, role=role) for unit, role in zip(units, roles, strict=True)]
        self.case(at).dispatch(decided, offers)

    def do(self, at: str, unit: str, what: Callable[[Case, UnitTask], object]) -> None:
        """``what`` is done about the task of ``unit``."""
        case = self.case(at, f"unit:{unit}")
        what(case, case.task(f"k-{unit}"))

    def reassigned(self, at: str, unit: str, to: str) -> None:
        """改派."""
        offer = Offer(task_id=f"k-{to}", unit=to, role=Role.LEAD)
        case = self.case(at)
        case.reassign(case.task(f"k-{unit}"), offer, "wrong_unit", None, "directory:1")

    def task(self, unit: str) -> UnitTask:
        """The task of ``unit``."""
        return self.case(self.registered).task(f"k-{unit}")

    def clock(self, kind: str, unit: str | None = None) -> CaseClock:
        """The last clock of a kind, of one unit's task or of any."""
        return self.clocks(kind, unit)[-1]

    def clocks(self, kind: str, unit: str | None = None) -> list[CaseClock]:
        """All of them, oldest first."""
        every = [clock_shown(one) for one in self.ticket.form.handling.clocks]
        return [one for one in every if one.kind == kind and (unit is None or one.task_id == f"k-{unit}")]

    def time_passes(self, until: str) -> None:
        """Everything that is due by then is fired, each at its own time."""
        while True:
            clocks = [clock_shown(one) for one in self.ticket.form.handling.clocks]
            due = [
                (one.next_at, one.clock_id) for one in clocks if one.next_at is not None and one.next_at <= on(until)
            ]
            if not due:
                return
            at, clock_id = min(due)
            FireClock(at=at, ticket_id="t", clock_id=clock_id, next_at=at).decide(self.world)

    def told(self, kind: str) -> list[Any]:
        """The events of a type so far."""
        return [one.event for one in self.ticket.journal.entries if kind == one.event.TYPE]


def sign(case: Case, task: UnitTask) -> None:
    """签收."""
    case.sign(task)


def reply(case: Case, task: UnitTask) -> None:
    """答复."""
    case.reply(task, "n1", solved=True)


def give_back(reason: str) -> Callable[[Case, UnitTask], None]:
    """退单 for ``reason``."""
    return lambda case, task: case.ask_return(task, reason, "n1", None)
