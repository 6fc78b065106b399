"""派单 as a use case: what the tables in force say about a ticket, and the command that follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, tzinfo

from gateway.casework.dispatch import DispatchTicket, LeaveUndecided
from gateway.casework.simulation import demand_of
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.case.case import Offer
from gateway.domain.case.directory import Directory, UnitKind
from gateway.domain.case.dispatch import Decision, DispatchReason, DispatchStage, decide
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.form import Routing
from gateway.domain.ids import new_ulid
from gateway.domain.task_status import Role
from gateway.domain.words import Crossing
from gateway.errors import RejectedInput
from gateway.ports.clock import Clock
from gateway.ports.store import Record

Units = tuple[tuple[str, Role], ...]
CHOSEN = "chosen"
"""The rule of what the centre decides by itself."""


class UnknownUnit(RejectedInput):
    """The directory in force does not hold ``unit``."""

    code = "unknown_code"

    def __init__(self, unit: str) -> None:
        super().__init__(f"the directory has no unit {unit}")
        self.unit = unit


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChoice:
    """Whom the centre names, and why: ``reason`` is a code, ``text`` its words."""

    unit: str
    joint: tuple[str, ...] = ()
    reason: str | None = None
    text: str | None = None
    crossing: Crossing | None = None
    """What it states of the units' duties; None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the tables say about a ticket, by these versions."""

    decision: Decision
    directory: str
    table: str
    policy: str
    confidence: float
    """How sure the category is: 1 where a person has set or confirmed it."""


class Dispatcher:
    """Decides by what ``tables`` hold at that moment; a decision takes less than 5 ms."""

    def __init__(self, *, tables: TablesInForce, categories: Mapping[str, bool], zone: tzinfo, clock: Clock) -> None:
        """``categories``: codes of the taxonomy, and whether a ticket may stay there; other codes count as none."""
        self._tables = tables
        self._categories = categories
        self._zone = zone
        self._clock = clock

    @property
    def directory(self) -> Directory:
        """The directory in force."""
        return self._tables.in_force.directory

    @property
    def rules(self) -> CaseRules:
        """What decides about cases."""
        return self._tables.rules

    @property
    def unit_names(self) -> dict[str, str]:
        """Of every unit of it by its code."""
        return {unit.code: unit.name_zh for unit in self.directory.units.values()}

    @property
    def directory_name(self) -> str:
        """Its version, as events name it."""
        return self._named("directory")

    @property
    def automatic_above(self) -> float | None:
        """The confidence from which on nobody need confirm a dispatch; None: somebody always does."""
        return self._tables.rules.policy.automatic_above

    def today(self) -> date:
        """The city's day."""
        return self._clock.now().astimezone(self._zone).date()

    def suggest(self, record: Record, crossing: Crossing | None = None) -> Suggestion:
        """Who must act on the ticket of this ``record``; ``crossing``: what the centre states now of duties in it."""
        in_force = self._tables.in_force
        demand = demand_of(record, self._categories, self.today())
        demand = replace(demand, crossing=crossing or demand.crossing)
        guess = record["prefill"]["fields"].get("demand.category")
        sure = 1.0 if guess is None or guess["confirmed_by"] else float(guess["confidence"])
        return Suggestion(
            decision=decide(demand, in_force.directory, in_force.table),
            directory=self._named("directory"),
            table=self._named("dispatch"),
            policy=self._tables.policy_name,
            confidence=0.0 if demand.category is None else sure,
        )

    def dispatch(
        self,
        record: Record,
        actor: str,
        *,
        version: int | None = None,
        only_new: bool = False,
        crossing: Crossing | None = None,
    ) -> DispatchTicket | LeaveUndecided:
        """The command by which the units that the tables name have it; by none, the centre has to decide."""
        found = self.suggest(record, crossing)
        decision = found.decision
        steps = tuple(shown_steps(decision))
        if decision.lead is None:
            return LeaveUndecided(
                at=self._clock.now(),
                actor=actor,
                ticket_id=record["ticket_id"],
                version=version,
                reason=decision.trace[-1].reason.value,
                steps=steps,
                candidates=decision.candidates,
                crossing=crossing,
                only_new=only_new,
            )
        command = self._command(record, actor, version, found, decision.units, steps)
        command.crossing, command.only_new = crossing, only_new
        return command

    def choose(self, record: Record, actor: str, choice: UnitChoice, *, version: int | None = None) -> DispatchTicket:
        """The command by which the units that the centre names have it: the first leads, unless another one does.

        ``RejectedInput``: there is no such unit; it is not the one that the tables name and no reason is given; or a
        department's duty would go down to a town (国办函〔2025〕66号).
        """
        found = self.suggest(record, choice.crossing)
        decision = found.decision
        for code in (choice.unit, *choice.joint):
            self.check(code)
        agrees = choice.unit in {code for code, _ in decision.units}
        if not agrees and not choice.reason:
            raise RejectedInput(f"{choice.unit} is not the unit that the tables name: say why (reason)")
        self._check_not_down(decision, choice.unit)
        chosen = [choice.unit, *choice.joint]
        step = Routing(DispatchStage.CENTRE.value, choice.reason or CHOSEN, choice.text, chosen)
        units = ((choice.unit, Role.LEAD), *((code, Role.JOINT) for code in choice.joint))
        command = self._command(record, actor, version, found, units, (*shown_steps(decision), step))
        command.text, command.crossing, command.beside = choice.text, choice.crossing, True
        return command

    def check(self, code: str) -> None:
        """``UnknownUnit``; ``RejectedInput`` for a unit that does not count today."""
        unit = self.directory.units.get(code)
        if unit is None:
            raise UnknownUnit(code)
        if not unit.counts_on(self.today()):
            raise RejectedInput(f"{code} is in the directory, but does not count today")

    def offer(self, record: Record, unit: str, role: Role) -> Offer:
        """What ``unit`` is given of the ticket in the place of another one; ``RejectedInput`` as in ``choose``."""
        self.check(unit)
        if role is Role.LEAD:
            self._check_not_down(self.suggest(record).decision, unit)
        return Offer(task_id=new_ulid(), unit=unit, role=role)

    def _check_not_down(self, decision: Decision, code: str) -> None:
        """A town has what the tables give to it, or to the territory; nothing that may be a department's duty."""
        named = {code for code, _ in decision.units} | set(decision.candidates)
        is_town = self.directory.units[code].kind is UnitKind.TOWN
        if is_town and code not in named and decision.stage is not DispatchStage.TERRITORY:
            raise RejectedInput(f"{DispatchReason.NOT_DOWN.en}: {code}; {DispatchReason.NOT_DOWN.zh}")

    def _named(self, kind: str) -> str:
        versions = self._tables.in_force.versions
        return next((name for name in versions if name.startswith(f"{kind}:")), f"{kind}:0")

    def _command(
        self,
        record: Record,
        actor: str,
        version: int | None,
        found: Suggestion,
        units: Units,
        steps: tuple[Routing, ...],
    ) -> DispatchTicket:
        """The last of ``steps`` has decided."""
        stage, rule = steps[-1].stage, steps[-1].rule
        return DispatchTicket(
            at=self._clock.now(),
            actor=actor,
            ticket_id=record["ticket_id"],
            version=version,
            offers=tuple(Offer(task_id=new_ulid(), unit=unit, role=role, rule=rule) for unit, role in units),
            stage=stage,
            rule=rule,
            steps=steps,
            directory=found.directory,
            table=found.table,
            policy=found.policy,
            note_id=new_ulid(),
        )


def shown_steps(decision: Decision) -> list[Routing]:
    """The trace of a decision, as records hold it."""
    return [
        Routing(step.stage.value, step.reason.value, None, list(step.units), list(step.rows)) for step in decision.trace
    ]
