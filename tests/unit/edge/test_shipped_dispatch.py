"""The shipped directory and dispatch table: every leaf at every division finds a unit, or the centre with a reason."""

from __future__ import annotations

import csv
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.directory import Directory, UnitKind
from gateway.domain.case.dispatch import Decision, DispatchReason, DispatchStage, decide
from gateway.domain.case.dispatch_table import Dispatched, DispatchRule, DispatchTable
from gateway.domain.words import Crossing
from gateway.edge.dispatch_table import KnownCodes, read_dispatch
from gateway.edge.unit_table import read_units
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

CONFIG = INSTALLATION / "config"
TODAY = date(2026, 11, 30)
with (CONFIG / "gazetteer.csv").open(encoding="utf-8", newline="") as file:
    GAZETTEER = list(csv.DictReader(file))
DIVISIONS = {row["code"]: row["name"] for row in GAZETTEER}
STREETS = {row["code"]: row["parent"] for row in GAZETTEER if row["level"] == "street"}
UNITS = read_units(CONFIG / "units.csv", DIVISIONS)
TAXONOMY = read_taxonomy(CONFIG / "taxonomy.csv", UNITS)
LEAVES = sorted(set(TAXONOMY) - {node.parent for node in TAXONOMY.values()})
KNOWN = KnownCodes(
    categories={code: node.names[-1] for code, node in TAXONOMY.items()},
    divisions=DIVISIONS,
    units={code: unit.name_zh for code, unit in UNITS.items()},
)
DIRECTORY, TABLE = Directory(UNITS.values()), DispatchTable(read_dispatch(CONFIG / "dispatch.csv", KNOWN))
TOWNS_OWN = {rule.category for rule in TABLE.rules if rule.unit is None}
ORDER = {stage: at for at, stage in enumerate(DispatchStage)}


def asked(category: str | None, division: str | None, **more: object) -> Dispatched:
    return Dispatched(**{"category": category, "division": division, "line": "citizen", "on": TODAY, **more})  # type: ignore[arg-type]


def sound(decision: Decision) -> None:
    """What holds of every decision."""
    assert decision.trace
    stages = [ORDER[step.stage] for step in decision.trace]
    assert all(one <= next_one for one, next_one in pairwise(stages)), "the stages are asked in their order"
    codes = [code for code, _ in decision.units]
    assert len(set(codes)) == len(codes)
    assert all(UNITS[code].counts_on(TODAY) for code in (*codes, *decision.candidates))
    if decision.lead is None:
        assert decision.trace[-1].reason in {DispatchReason.UNDECIDED, DispatchReason.PLACE_UNKNOWN}
    else:
        assert decision.lead in decision.trace[-1].units


def not_pushed_down(decision: Decision) -> None:
    """A town leads what the table gives to the territory, and where enforcement crosses; nothing else."""
    if decision.lead is not None and UNITS[decision.lead].kind is UnitKind.TOWN:
        reasons = {step.reason for step in decision.trace}
        assert reasons & {DispatchReason.TERRITORIAL, DispatchReason.TOWN_LEADS}


def test_the_towns_and_streets_of_the_gazetteer_are_units_with_their_district_above() -> None:
    towns = {unit.areas: unit for unit in UNITS.values() if unit.kind is UnitKind.TOWN}
    assert len(towns) == len(STREETS) == 46
    for street, district in STREETS.items():
        assert UNITS[towns[street,].parent or ""].areas == (district,)
    assert {unit.kind for unit in UNITS.values()} == set(UnitKind)
    assert not any(unit.contacts or unit.deputies for unit in UNITS.values()), "nobody's number is made up"


def checked(category: str, division: str | None) -> Decision:
    decision = decide(asked(category, division), DIRECTORY, TABLE)
    sound(decision)
    not_pushed_down(decision)
    if decision.trace[-1].reason is DispatchReason.PLACE_UNKNOWN:
        assert division not in STREETS
    return decision


def test_every_leaf_at_every_district_and_street_has_a_unit_and_a_reason() -> None:
    for category in LEAVES:
        for division in (None, *STREETS, *set(STREETS.values())):
            checked(category, division)


def test_every_division_is_decided_as_the_street_around_it() -> None:
    """A leaf for each way of deciding stands for all that are decided this way."""
    ways = {tuple(step.reason.value for step in checked(leaf, "460108101").trace): leaf for leaf in LEAVES}
    assert set(ways) == {
        ("named",),
        ("town_leads",),
        ("territorial", "within_territory"),
        ("crossed", "nobody_asked", "undecided"),
    }
    for category in ways.values():
        for division in DIVISIONS:
            street = next((code for code in STREETS if division.startswith(code)), division)
            assert checked(category, division).units == checked(category, street).units


def test_the_table_says_what_the_taxonomys_units_say() -> None:
    """A category without a crossing, or a row of its own people edited, has the unit that is offered for it at once."""
    for category in LEAVES:
        decision = decide(asked(category, "460108101"), DIRECTORY, TABLE)
        if decision.stage is DispatchStage.FUNCTION and decision.trace[-1].reason is DispatchReason.NAMED:
            assert decision.lead == TAXONOMY[category].unit


def demands() -> st.SearchStrategy[Dispatched]:
    return st.builds(
        Dispatched,
        category=st.none() | st.sampled_from(sorted(TAXONOMY)) | st.just("99"),
        division=st.none() | st.sampled_from(sorted(DIVISIONS)) | st.just("469001"),
        line=st.sampled_from(["citizen", "enterprise"]),
        on=st.just(TODAY),
        first_asked=st.none() | st.sampled_from(sorted(UNITS)) | st.just("X99"),
        crossing=st.none() | st.sampled_from(Crossing),
    )


@given(demands())
def test_whatever_is_asked_there_is_a_unit_or_the_centre_with_its_reason(demand: Dispatched) -> None:
    decision = decide(demand, DIRECTORY, TABLE)
    sound(decision)
    not_pushed_down(decision)
    assert decision.held == (decision.trace[-1].reason is DispatchReason.FIRST_ASKED_HOLDS)


@given(demands(), st.sets(st.sampled_from(TABLE.rules)))
def test_a_table_with_gaps_never_gives_a_departments_duty_to_a_town(
    demand: Dispatched, rules: set[DispatchRule]
) -> None:
    table = DispatchTable(rules)
    decision = decide(demand, DIRECTORY, table)
    sound(decision)
    not_pushed_down(decision)
    if decision.stage is DispatchStage.TERRITORY:
        assert not any(rule.unit for rule in table.narrower(demand))
