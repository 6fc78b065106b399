"""按职能划分、按首问负责、按属地兜底: who acts, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import count

import pytest

from gateway.domain.case.directory import Directory, Unit, UnitKind
from gateway.domain.case.dispatch import Decision, DispatchReason, DispatchStage, decide
from gateway.domain.case.dispatch_table import Dispatched, DispatchRule, DispatchTable, Role
from gateway.domain.words import Crossing

pytestmark = pytest.mark.unit

TODAY = date(2026, 1, 5)
XIUYING, LINGSHAN, COMMUNITY = "460105", "460108101", "460108101001"
WATER, ROADS, POLICE, SANITATION = "M02", "M07", "M05", "M22"
DISTRICT, TOWN, OTHER_DISTRICT = "D08", "T08101", "D05"


def unit(code: str, kind: UnitKind = UnitKind.DEPARTMENT, **more: object) -> Unit:
    return Unit(code=code, name_zh=code, name_en=code, kind=kind, **more)  # type: ignore[arg-type]


UNITS = (
    *(unit(code) for code in (WATER, ROADS, POLICE, SANITATION)),
    unit("E01", UnitKind.ENTERPRISE, parent=WATER),
    unit(DISTRICT, UnitKind.DISTRICT, areas=("460108",)),
    unit(OTHER_DISTRICT, UnitKind.DISTRICT, areas=(XIUYING,)),
    unit(TOWN, UnitKind.TOWN, parent=DISTRICT, areas=(LINGSHAN,)),
)


NUMBERS = count(2)


def row(category: str, unit_code: str | None, **more: object) -> DispatchRule:
    return DispatchRule(row=next(NUMBERS), category=category, unit=unit_code, **more)  # type: ignore[arg-type]


def asked(category: str | None = "01", division: str | None = COMMUNITY, **more: object) -> Dispatched:
    return Dispatched(**{"category": category, "division": division, "line": "citizen", "on": TODAY, **more})  # type: ignore[arg-type]


def decided(demand: Dispatched, *rules: DispatchRule, units: tuple[Unit, ...] = UNITS) -> Decision:
    return decide(demand, Directory(units), DispatchTable(rules))


def told(decision: Decision) -> list[tuple[str, str]]:
    return [(step.stage.value, step.reason.value) for step in decision.trace]


def test_the_row_of_a_category_names_who_acts_with_its_number() -> None:
    rule = row("01", WATER)
    found = decided(asked("010203"), rule)
    assert found.units == ((WATER, Role.LEAD),)
    assert found.stage is DispatchStage.FUNCTION
    assert found.trace[-1].rows == (rule.row,)
    assert not found.held


@pytest.mark.parametrize(
    ("category", "division", "line", "lead"),
    [
        ("010101", None, "citizen", "E01"),
        ("0102", None, "citizen", WATER),
        ("0102", COMMUNITY, "citizen", ROADS),
        ("0102", COMMUNITY, "enterprise", POLICE),
        ("0102", XIUYING, "enterprise", SANITATION),
        ("010101", COMMUNITY, "enterprise", "E01"),
    ],
)
def test_category_counts_before_division_and_division_before_line(
    category: str, division: str | None, line: str, lead: str
) -> None:
    table = (
        row("01", WATER),
        row("0101", "E01"),
        row("01", ROADS, division="460108"),
        row("01", POLICE, division="460108", line="enterprise"),
        row("01", SANITATION, line="enterprise"),
    )
    assert decided(asked(category, division, line=line), *table).lead == lead


def test_rows_count_on_their_first_and_last_day() -> None:
    old = row("01", ROADS, effective_to=date(2026, 1, 4))
    new = row("01", WATER, effective_from=date(2026, 1, 5), effective_to=date(2026, 1, 5))
    days = (date(2026, 1, 4), date(2026, 1, 5), date(2026, 1, 6))
    assert [decided(asked(on=day), old, new).lead for day in days] == [ROADS, WATER, None]


def test_joint_units_get_tasks_of_their_own() -> None:
    found = decided(asked(), row("01", WATER), row("01", ROADS, role=Role.JOINT))
    assert found.units == ((WATER, Role.LEAD), (ROADS, Role.JOINT))


def test_where_functions_cross_the_one_asked_first_keeps_it_to_the_end() -> None:
    found = decided(asked(first_asked=ROADS), row("01", WATER), row("01", ROADS), row("01", POLICE, role=Role.JOINT))
    assert found.units == ((ROADS, Role.LEAD), (WATER, Role.JOINT), (POLICE, Role.JOINT))
    assert found.held
    assert told(found) == [("function", "crossed"), ("first_asked", "first_asked_holds")]


def test_the_centre_may_state_that_functions_cross() -> None:
    table = (row("01", WATER), row("01", ROADS, role=Role.JOINT))
    assert decided(asked(first_asked=ROADS), *table).lead == WATER
    assert decided(asked(first_asked=ROADS, crossing=Crossing.FUNCTION), *table).lead == ROADS


def test_crossing_functions_that_nobody_was_asked_about_go_to_the_centre_with_whom_it_may_choose() -> None:
    found = decided(asked(), row("01", WATER), row("01", ROADS))
    assert found.lead is None
    assert found.units == ()
    assert found.candidates == (WATER, ROADS)
    assert told(found)[1:] == [("first_asked", "nobody_asked"), ("centre", "undecided")]


def test_a_departments_duty_is_never_pushed_down_to_a_town() -> None:
    """国办函〔2025〕66号: unclear whose, but a department's: the town that was asked first does not get it."""
    crossed = decided(asked(first_asked=TOWN), row("01", WATER), row("01", ROADS))
    assert crossed.lead is None
    assert ("first_asked", "not_down") in told(crossed)
    broad = decided(asked("01", first_asked=TOWN), row("0101", WATER), row("0102", ROADS))
    assert broad.lead is None
    assert broad.candidates == (WATER, ROADS)
    unclassified = decided(asked(None, first_asked=TOWN), row("01", WATER))
    assert unclassified.lead is None
    ended = decided(asked(), row("01", "M99"))
    assert ended.lead is None
    assert told(ended) == [("function", "unit_ended"), ("centre", "undecided")]


def test_a_category_that_is_too_broad_is_the_first_asked_ones_if_it_is_concerned() -> None:
    table = (row("0101", WATER), row("0102", ROADS))
    assert decided(asked("01", first_asked=ROADS), *table).lead == ROADS
    assert decided(asked("01", first_asked=POLICE), *table).lead is None


def test_where_no_ticket_may_stay_the_centre_decides_whom_of_those_concerned() -> None:
    """The taxonomy says of 0104 that a ticket is to be filed below it, so its own row decides nothing."""
    table = (row("0104", WATER), row("010402", ROADS))
    found = decided(asked("0104", may_stay=False), *table)
    assert found.lead is None
    assert found.candidates == (WATER, ROADS)
    assert told(found) == [("function", "too_broad"), ("first_asked", "nobody_asked"), ("centre", "undecided")]
    assert decided(asked("0104", may_stay=True), *table).lead == WATER
    held = decided(asked("0104", may_stay=False, first_asked=ROADS), *table)
    assert (held.lead, held.held) == (ROADS, True)
    assert decided(asked("0104", may_stay=False, first_asked=POLICE), *table).lead is None
    assert decided(asked("0104", may_stay=False, first_asked=TOWN), row("0104", None)).lead is None


def test_enforcement_that_crosses_is_led_by_the_town_of_the_event() -> None:
    table = (
        row("01", POLICE, crossing=Crossing.ENFORCEMENT),
        row("01", SANITATION, role=Role.JOINT, crossing=Crossing.ENFORCEMENT),
    )
    found = decided(asked(first_asked=POLICE), *table)
    assert found.units == ((TOWN, Role.LEAD), (POLICE, Role.JOINT), (SANITATION, Role.JOINT))
    assert found.trace[-1].reason is DispatchReason.TOWN_LEADS
    stated = decided(asked(crossing=Crossing.ENFORCEMENT), row("01", POLICE))
    assert stated.units == ((TOWN, Role.LEAD), (POLICE, Role.JOINT))


def test_enforcement_that_crosses_at_a_place_unknown_is_the_centres() -> None:
    found = decided(asked(division="460108"), row("01", POLICE, crossing=Crossing.ENFORCEMENT))
    assert found.lead is None
    assert found.candidates == (POLICE,)
    assert told(found) == [("function", "place_unknown"), ("centre", "undecided")]


@pytest.mark.parametrize(
    ("division", "lead"), [(COMMUNITY, TOWN), (LINGSHAN, TOWN), ("460108", DISTRICT), (None, None), ("469001", None)]
)
@pytest.mark.parametrize("category", ["01", ""])
def test_what_the_table_says_is_no_departments_duty_is_the_territorys(
    division: str | None, lead: str | None, category: str
) -> None:
    found = decided(asked(division=division), row(category, None), row("02", WATER))
    assert found.lead == lead
    assert found.stage is DispatchStage.TERRITORY
    assert (found.trace[-1].reason is DispatchReason.PLACE_UNKNOWN) == (lead is None)


def test_what_no_row_is_about_is_the_centres() -> None:
    """Nobody has said that it is no department's duty."""
    found = decided(asked("03"), row("01", WATER))
    assert found.lead is None
    assert told(found) == [("function", "no_row"), ("first_asked", "nobody_asked"), ("centre", "undecided")]
    assert decided(asked("03", first_asked=ROADS), row("01", WATER)).lead == ROADS
    assert decided(asked("03", first_asked=TOWN), row("01", WATER)).lead is None


def test_what_has_no_category_is_the_centres_also_where_a_row_is_for_every_category() -> None:
    found = decided(asked(None), row("", None))
    assert told(found)[0] == ("function", "no_category")
    assert found.lead is None


def test_a_broad_category_is_the_territorys_only_if_no_narrower_one_is_a_units() -> None:
    assert decided(asked("01"), row("01", None), row("0101", None)).lead == TOWN
    found = decided(asked("01"), row("01", None), row("0101", WATER))
    assert found.lead is None
    assert found.candidates == (WATER,)


def test_the_territory_helps_where_the_table_says_so() -> None:
    table = (row("01", WATER), row("01", None, role=Role.JOINT))
    assert decided(asked(), *table).joint == (TOWN,)
    assert decided(asked(division=None), *table).joint == ()


def test_the_unit_above_stands_in_for_one_that_has_ended() -> None:
    gone = replace(UNITS[4], effective_to=date(2025, 12, 31))
    found = decided(asked(), row("01", "E01"), units=(*UNITS[:4], gone, *UNITS[5:]))
    assert found.lead == WATER
    assert ("function", "stood_in") in told(found)


def test_every_word_of_a_trace_is_there_in_both_languages() -> None:
    for word in (*DispatchStage, *DispatchReason, *Role, *Crossing, *UnitKind):
        assert word.zh
        assert word.en
