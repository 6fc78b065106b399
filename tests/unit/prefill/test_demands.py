"""Demands of every kind, written before their reader: type, category and urgency of an installation without a model."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.guess import FILL_AT
from gateway.edge.unit_table import read_units
from gateway.prefill.reader import PrefillReader
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings.sections import INSTALLATION
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit

CONFIG = INSTALLATION / "config"
NOW = datetime(2026, 12, 1, 3, 0, tzinfo=UTC)
UNITS = read_units(CONFIG / "units.csv")
TAXONOMY = read_taxonomy(CONFIG / "taxonomy.csv", UNITS)
with (Path(__file__).parents[2] / "data" / "demands.csv").open(encoding="utf-8", newline="") as file:
    DEMANDS = list(csv.DictReader(file))


@pytest.fixture(scope="module")
def shipped() -> PrefillReader:
    return city_prefill()


def read(prefill: PrefillReader, text: str) -> dict[str, Any]:
    return {guess.path: guess for guess in prefill.read(text, at=NOW).guesses}


def in_branch(code: str, wanted: str) -> bool:
    """Whether ``code`` lies in or above one of the ``wanted`` branches ("0402|01")."""
    return any(code.startswith(branch) or branch.startswith(code) for branch in wanted.split("|") if branch)


def test_what_is_filled_is_right_as_often_as_it_says(shipped: PrefillReader) -> None:
    right: dict[str, list[tuple[float, bool]]] = {"type": [], "category": [], "urgency": []}
    missed = 0
    for row in DEMANDS:
        fields = read(shipped, row["text"])
        if kind := fields.get("demand.type"):
            right["type"].append((kind.confidence, kind.value == row["type"]))
        if category := fields.get("demand.category"):
            right["category"].append((category.confidence, in_branch(category.value["code"], row["category"])))
        urgency = fields["demand.urgency"]
        right["urgency"].append((urgency.confidence, urgency.value["level"] == row["urgency"]))
        missed += bool(row["category"]) and (category is None or category.confidence < FILL_AT)
    for field, told in right.items():
        filled = [good for sure, good in told if sure >= FILL_AT]
        assert len(filled) >= 0.85 * len(DEMANDS), field
        assert sum(filled) / len(filled) >= 0.93, field
        assert any(sure >= 0.9 for sure, _ in told), field
        assert all(good for sure, good in told if sure >= 0.9), field
    assert missed / len(DEMANDS) <= 0.12


def test_the_record_gets_names_and_version(shipped: PrefillReader) -> None:
    category = read(shipped, "海秀东路的路灯坏了")["demand.category"]
    assert category.value == {
        "code": "040201",
        "l1": "市政设施",
        "l2": "照明设施",
        "l3": "路灯不亮",
        "taxonomy_version": max(row.effective_from for row in TAXONOMY.values()),
    }
    assert category.candidates[0] == ("040201", category.confidence)


def test_the_unit_is_that_of_the_category_and_less_sure(shipped: PrefillReader) -> None:
    fields = read(shipped, "我们小区停水两天了水龙头一滴水都没有")
    unit, category = fields["handling.lead_unit"], fields["demand.category"]
    assert unit.value == TAXONOMY[category.value["code"]].unit == "E01"
    assert unit.confidence < category.confidence
    assert unit.candidates[0][0] == "E01"


@pytest.mark.parametrize(
    ("said", "heard", "branch"),
    [
        ("路灯不亮", "路登不亮", "0402"),
        ("燃气泄漏", "然气谢漏", "03"),
        ("拖欠工资", "脱欠公资", "1501"),
        ("广场舞太吵", "光场舞太吵", "0701"),
        ("公积金怎么提取", "公鸡金怎么提取", "1102"),
        ("井盖没了", "井概没了", "0105"),
        ("社保卡丢了", "设保卡丢了", "1503"),
        ("垃圾没人清", "拉圾没人青", "0501"),
    ],
)
def test_homophones_change_the_confidence_and_not_the_branch(
    shipped: PrefillReader, said: str, heard: str, branch: str
) -> None:
    true, wrong = (read(shipped, text)["demand.category"] for text in (said, heard))
    assert in_branch(true.value["code"], branch)
    assert in_branch(wrong.value["code"], branch)
    assert wrong.confidence <= true.confidence


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("厨房里煤气在漏", "urgent"),
        ("现在已经没有煤气味了我只想问问原因", "normal"),
        ("担心以后会着火希望检查一下线路", "normal"),
        ("水压太低了", "normal"),
        ("不急，有空的时候来修一下路灯", "normal"),
        ("电线断了掉在路上还冒火花", "urgent"),
        ("老人走丢了一整天没找到", "urgent"),
        ("请问灭火器在哪里年检", "normal"),
        ("The fire hydrant is leaking", "normal"),
        ("Someone is trapped in the elevator", "urgent"),
        ("高层没有水，很着急", "urgent"),
        ("去年这里着火过，消防设施一直没换", "normal"),
    ],
)
def test_urgency_is_danger_or_failure_and_not_hurry(shipped: PrefillReader, text: str, level: str) -> None:
    urgency = read(shipped, text)["demand.urgency"]
    assert urgency.value["level"] == level
    assert urgency.value["reason"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("有人要跳楼快点过来", "help"),
        ("我想给孩子转学", "consultation"),
        ("门口的大狗咬了我孩子", "complaint"),
        ("我想问一下怎么投诉", "consultation"),
        ("谢谢再见", None),
    ],
)
def test_the_type_without_its_verb(shipped: PrefillReader, text: str, kind: str | None) -> None:
    guess = read(shipped, text).get("demand.type")
    assert (guess.value if guess else None) == kind


@pytest.mark.parametrize("text", ["", "   ", "嗯嗯好的谢谢", "1234567", "😀" * 50])
def test_what_says_nothing_gets_no_category(shipped: PrefillReader, text: str) -> None:
    category = read(shipped, text).get("demand.category")
    assert category is None or category.confidence < FILL_AT


def test_where_something_is_is_not_what_it_is_about(shipped: PrefillReader) -> None:
    for where in ("医院", "学校", "派出所", "银行", "菜市场"):
        assert read(shipped, f"{where}门口的路灯坏了")["demand.category"].value["code"].startswith("0402"), where


def test_the_examples_of_the_tree_lead_back_to_their_branch(shipped: PrefillReader) -> None:
    """The keywords are checked against sentences: an example is mostly found in its own branch, and rarely lost."""
    told = [
        (code, read(shipped, text).get("demand.category"))
        for code, row in list(TAXONOMY.items())[::4]
        for text in row.examples
    ]
    sure = [in_branch(g.value["code"], code[:4]) for code, g in told if g is not None and g.confidence >= FILL_AT]
    assert sum(sure) / len(sure) >= 0.9
    assert len(sure) / len(told) >= 0.8


def test_a_megabyte_is_read_by_its_beginning(shipped: PrefillReader) -> None:
    category = read(shipped, "路灯坏了投诉噪音井盖没了" * 80_000)["demand.category"]
    assert category.span[1] < 3000
