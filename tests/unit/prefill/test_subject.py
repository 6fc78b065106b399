"""What a city's own models think and what the taxonomy's words say, together."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.domain.guess import Guess
from gateway.prefill.subject import Subject
from gateway.prefill.taxonomy import TaxonomyNode, version
from gateway.prefill.trained import PATHS, TrainedModels

pytestmark = pytest.mark.unit

DAY = date(2026, 11, 24)


def row(code: str, *names: str, words: str = "", urgent: bool = False, **dates: str) -> TaxonomyNode:
    return TaxonomyNode(code, code[:-2], names, tuple(words.split()), (), "E01", plan_urgent=urgent, **dates)


TREE = {
    category.code: category
    for category in (
        row("01", "供水排水", effective_from="2026-01-01"),
        row("0101", "供水排水", "供水故障", words="停水 水管", effective_from="2026-01-01"),
        row("010101", "供水排水", "供水故障", "停水", words="停水 没水 水龙头+没水", effective_from="2026-01-01"),
        row("02", "供电", effective_from="2026-01-01"),
        row("0201", "供电", "停电故障", words="停电", effective_from="2026-01-01"),
        row("020101", "供电", "停电故障", "旧的", words="旧电表坏了", effective_to="2026-02-01"),
        row("020102", "供电", "停电故障", "将来的", words="新电表坏了", effective_from="2027-02-01"),
    )
}


class Learnt(TrainedModels):
    """A city's models that think what the test says."""

    def __init__(self, said: tuple[Guess, ...]) -> None:
        super().__init__({})
        self.said = said

    def opinions(self, content: str) -> list[Guess]:
        return list(self.said)


def thinks(target: str, value: str, confidence: float, *others: tuple[str, float]) -> Guess:
    path = PATHS[target]
    offers = ((value, confidence), *others) if target in {"category", "unit"} else ()
    return Guess(path=path, value=value, source="model", span=None, confidence=confidence, candidates=offers)


def read(text: str, *said: Guess) -> dict[str, Any]:
    subject = Subject(TREE, Learnt(said))
    return {guess.path: guess for guess in subject.read(text, DAY)}


def test_agreeing_makes_surer() -> None:
    alone = read("我们小区停水了")["demand.category"]
    both = read("我们小区停水了", thinks("category", "010101", 0.7))["demand.category"]
    assert both.value["code"] == "010101"
    assert both.confidence > max(alone.confidence, 0.7)
    assert both.span == alone.span


def test_a_sure_model_is_believed_and_loses_some_confidence_to_the_words() -> None:
    category = read("我们小区停水了", thinks("category", "0201", 0.8))["demand.category"]
    assert category.value["code"] == "0201"
    assert category.value["l2"] == "停电故障"
    assert category.confidence < 0.8
    assert {code for code, _ in category.candidates} >= {"0201", "010101"}


def test_an_unsure_model_only_offers() -> None:
    category = read("我们小区停水了", thinks("category", "0201", 0.3))["demand.category"]
    assert category.value["code"] == "010101"
    assert "0201" in dict(category.candidates)


def test_a_name_of_the_taxonomy_is_its_code() -> None:
    assert read("嗯", thinks("category", "停电故障", 0.8))["demand.category"].value["code"] == "0201"


def test_a_label_of_the_citys_own_stays_as_it_is() -> None:
    fields = read("嗯", thinks("category", "水务类", 0.8))
    assert fields["demand.category"].value == {"code": "水务类"}
    assert "handling.lead_unit" not in fields


def test_a_danger_that_is_said_is_urgent_whatever_a_model_learnt() -> None:
    fields = read("水管爆了有人被困", thinks("urgency", "normal", 0.99))
    assert fields["demand.urgency"].value["level"] == "urgent"


def test_a_model_of_units_and_the_default_unit_are_one_guess() -> None:
    unit = read("我们小区停水了", thinks("unit", "M02", 0.9))["handling.lead_unit"]
    assert unit.value == "M02"
    assert {code for code, _ in unit.candidates} == {"M02", "E01"}


def test_praise_is_for_a_branch_and_not_for_what_is_wrong_there() -> None:
    assert read("我要表扬修停水的师傅水管修得快")["demand.category"].value["code"] == "0101"


def test_rows_count_from_their_first_to_their_last_day() -> None:
    assert "demand.category" not in read("旧电表坏了")
    assert "demand.category" not in read("新电表坏了")
    assert version(TREE, DAY) == "2026-02-01"
    assert version(TREE, date(2027, 3, 1)) == "2027-02-01"
    assert version(TREE, date(2025, 1, 1)) is None
