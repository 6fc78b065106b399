"""派单: which unit must act, "按职能划分、按首问负责、按属地兜底", with a trace of what matched and why.

The stages are asked in this order and each leaves a step in the trace:

1. 职能 (function): the rows of the dispatch table for the category, the most specific ones alone. One lead decides.
2. 首问 (first asked): where the functions of several units cross, the one that was asked first keeps the matter.
3. 中心 (centre): whose duty it is stays unclear, so it may be a department's: the centre decides. Such a duty is
   never given to a town (国办函〔2025〕66号).
4. 属地 (territory): the table says that it is no department's duty (for one category, or in a last row for all that no
   other row is about), so the unit whose territory it is acts.

There is always a unit, or the centre with its reason and the units it may choose from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.domain.case.directory import Directory, Unit, UnitKind
from gateway.domain.case.dispatch_table import Dispatched, DispatchRule, DispatchTable
from gateway.domain.task_status import Role
from gateway.domain.words import Crossing, Term


class DispatchStage(Term):
    """A stage of deciding who acts, in the order in which they are asked."""

    FUNCTION = "function", "职能划分", "Function"
    FIRST_ASKED = "first_asked", "首问负责", "First asked"
    CENTRE = "centre", "中心研判", "Centre decides"
    TERRITORY = "territory", "属地兜底", "Territory"


class DispatchReason(Term):
    """What a stage found."""

    NAMED = "named", "派单目录规定由该单位承办", "The dispatch table names this unit"
    CROSSED = "crossed", "多个单位职能交叉", "The functions of several units cross"
    TOWN_LEADS = "town_leads", "执法监察交叉，由事发地镇街牵头", "Enforcement crosses: the town of the event leads"
    TERRITORIAL = "territorial", "派单目录规定由属地承办", "The dispatch table gives it to the territory"
    NO_CATEGORY = "no_category", "尚未分类", "It has no category yet"
    NO_ROW = "no_row", "派单目录没有适用于该类别的条目", "The dispatch table has no row for this category"
    TOO_BROAD = "too_broad", "类别过宽，须先细分到下级类别", "The category is too broad: file it under one below it"
    UNIT_ENDED = "unit_ended", "目录所列单位已停用且无上级承接", "The named unit has ended and none stands in for it"
    STOOD_IN = "stood_in", "原单位已停用，由上级单位承接", "The named unit has ended: the one above it stands in"
    NOBODY_ASKED = "nobody_asked", "没有首问单位", "No unit was asked first"
    FIRST_ASKED_HOLDS = (
        "first_asked_holds",
        "首问单位负责，一跟到底",
        "The unit that was asked first keeps it to the end",
    )
    NOT_AMONG = "not_among", "首问单位不在职能交叉单位之列", "The unit asked first is none of those concerned"
    NOT_DOWN = "not_down", "部门职责不得下派镇街", "A department's duty is not passed down to a town"
    UNDECIDED = "undecided", "职责不清，由中心研判", "Whose duty it is is unclear: the centre decides"
    PLACE_UNKNOWN = "place_unknown", "事发地不明，无法确定属地", "The place is unknown, and so whose territory it is"
    WITHIN_TERRITORY = "within_territory", "按事发地由属地承办", "The place lies within this unit's territory"


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchStep:
    """One step of the trace: ``rows`` of the table that it rests on, and ``units`` that it found."""

    stage: DispatchStage
    reason: DispatchReason
    units: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who acts. Without ``lead`` the centre decides: the last step says why, ``candidates`` whom it may choose."""

    lead: str | None
    joint: tuple[str, ...] = ()
    held: bool = False
    """首问单位一跟到底: only the centre may take it from the lead, with a reason."""
    candidates: tuple[str, ...] = ()
    trace: tuple[DispatchStep, ...]

    @property
    def stage(self) -> DispatchStage:
        """The stage that decided."""
        return self.trace[-1].stage

    @property
    def units(self) -> tuple[tuple[str, Role], ...]:
        """Every unit that gets a task, the lead first; none while the centre decides."""
        lead = () if self.lead is None else ((self.lead, Role.LEAD),)
        return (*lead, *((code, Role.JOINT) for code in self.joint))


def decide(demand: Dispatched, directory: Directory, table: DispatchTable) -> Decision:
    """Who must act on ``demand`` by these versions. Pure: the same arguments give the same decision."""
    return _Deciding(demand, directory, table).decision()


class _Deciding:
    """One decision on its way through the stages."""

    def __init__(self, demand: Dispatched, directory: Directory, table: DispatchTable) -> None:
        self._demand = demand
        self._directory = directory
        self._table = table
        self._trace: list[DispatchStep] = []

    def decision(self) -> Decision:
        rules = self._table.fitting(self._demand)
        narrower = [rule for rule in self._table.narrower(self._demand) if rule.unit is not None]
        territorial = any(rule.unit is None and rule.role is Role.LEAD for rule in rules)
        if not rules or not self._demand.may_stay or (territorial and narrower):
            return self._unclear(rules, narrower)
        leads = self._standing(rules, Role.LEAD)
        joint = self._standing(rules, Role.JOINT)
        named = tuple(dict.fromkeys((*leads, *joint)))
        rows = tuple(rule.row for rule in rules)
        crossing = self._demand.crossing or next((rule.crossing for rule in rules if rule.crossing), None)
        if crossing is Crossing.ENFORCEMENT and named:
            return self._enforcement(named, rows)
        if territorial:
            self._step(DispatchStage.FUNCTION, DispatchReason.TERRITORIAL, rows=rows)
            return self._territory(joint)
        if not leads:
            self._step(DispatchStage.FUNCTION, DispatchReason.UNIT_ENDED, rows=rows)
            return self._centre(joint)
        if len(leads) > 1 or (crossing is Crossing.FUNCTION and len(named) > 1):
            self._step(DispatchStage.FUNCTION, DispatchReason.CROSSED, named, rows)
            return self._first_asked(leads if len(leads) > 1 else named, named)
        self._step(DispatchStage.FUNCTION, DispatchReason.NAMED, leads, rows)
        return self._decided(leads[0], named)

    def _unclear(self, rules: list[DispatchRule], narrower: list[DispatchRule]) -> Decision:
        """No row says whose duty it is: the unit that was asked first holds it, unless it is a town, or the centre."""
        concerned = self._standing((*rules, *narrower), Role.LEAD)
        if self._demand.category is None:
            reason = DispatchReason.NO_CATEGORY
        else:
            broad = narrower or not self._demand.may_stay
            reason = DispatchReason.TOO_BROAD if broad else DispatchReason.NO_ROW
        self._step(DispatchStage.FUNCTION, reason, concerned, tuple(rule.row for rule in (*rules, *narrower)))
        asked = self._asked()
        if asked is not None and not concerned and asked.kind is not UnitKind.TOWN:
            return self._holds(asked.code, ())
        return self._first_asked(concerned, ())

    def _enforcement(self, named: tuple[str, ...], rows: tuple[int, ...]) -> Decision:
        """执法监察交叉: the town of the event calls the others in."""
        town = self._directory.covering(self._demand.division, self._demand.on, (UnitKind.TOWN,))
        if town is None:
            self._step(DispatchStage.FUNCTION, DispatchReason.PLACE_UNKNOWN, named, rows)
            return self._centre(named)
        self._step(DispatchStage.FUNCTION, DispatchReason.TOWN_LEADS, (town.code, *named), rows)
        return self._decided(town.code, named)

    def _first_asked(self, concerned: tuple[str, ...], named: tuple[str, ...]) -> Decision:
        """职能交叉: whoever of ``concerned`` was asked first holds to the end."""
        asked = self._asked()
        if asked is not None and asked.code in concerned:
            return self._holds(asked.code, named)
        if asked is None:
            self._step(DispatchStage.FIRST_ASKED, DispatchReason.NOBODY_ASKED)
        else:
            reason = DispatchReason.NOT_DOWN if asked.kind is UnitKind.TOWN else DispatchReason.NOT_AMONG
            self._step(DispatchStage.FIRST_ASKED, reason, (asked.code,))
        return self._centre(concerned)

    def _holds(self, code: str, named: tuple[str, ...]) -> Decision:
        self._step(DispatchStage.FIRST_ASKED, DispatchReason.FIRST_ASKED_HOLDS, (code,))
        return self._decided(code, named, held=True)

    def _centre(self, candidates: tuple[str, ...]) -> Decision:
        self._step(DispatchStage.CENTRE, DispatchReason.UNDECIDED, candidates)
        return Decision(lead=None, candidates=candidates, trace=tuple(self._trace))

    def _territory(self, named: tuple[str, ...]) -> Decision:
        unit = self._directory.covering(self._demand.division, self._demand.on)
        if unit is None:
            self._step(DispatchStage.TERRITORY, DispatchReason.PLACE_UNKNOWN)
            return Decision(lead=None, candidates=named, trace=tuple(self._trace))
        self._step(DispatchStage.TERRITORY, DispatchReason.WITHIN_TERRITORY, (unit.code,))
        return self._decided(unit.code, named)

    def _decided(self, lead: str, named: tuple[str, ...], *, held: bool = False) -> Decision:
        others = tuple(code for code in named if code != lead)
        return Decision(lead=lead, joint=others, held=held, trace=tuple(self._trace))

    def _asked(self) -> Unit | None:
        code = self._demand.first_asked
        return self._directory.standing(code, self._demand.on) if code else None

    def _standing(self, rules: Iterable[DispatchRule], role: Role) -> tuple[str, ...]:
        """The units that ``rules`` give this role, each once; one that ended is stood in for by the one above it."""
        return tuple(dict.fromkeys(self._each(rule for rule in rules if rule.role is role)))

    def _each(self, rules: Iterable[DispatchRule]) -> Iterator[str]:
        for rule in rules:
            unit = self._of_row(rule)
            if unit is not None:
                if rule.unit is not None and unit.code != rule.unit:
                    self._step(DispatchStage.FUNCTION, DispatchReason.STOOD_IN, (unit.code,), (rule.row,))
                yield unit.code

    def _of_row(self, rule: DispatchRule) -> Unit | None:
        if rule.unit is not None:
            return self._directory.standing(rule.unit, self._demand.on)
        if rule.role is Role.JOINT:
            return self._directory.covering(self._demand.division, self._demand.on)
        return None

    def _step(
        self,
        stage: DispatchStage,
        reason: DispatchReason,
        units: tuple[str, ...] = (),
        rows: tuple[int, ...] = (),
    ) -> None:
        self._trace.append(DispatchStep(stage=stage, reason=reason, units=units, rows=rows))
