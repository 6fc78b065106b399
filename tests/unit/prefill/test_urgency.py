"""What is answered within 30 minutes: danger, and what the plan names; in sentences written before their reader."""

from __future__ import annotations

import csv
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.guess import FILL_AT
from gateway.edge.unit_table import read_units
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings.sections import INSTALLATION
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit

CONFIG = INSTALLATION / "config"
PREFILL = city_prefill()
PLAN = "紧急类办件(水电气等民生问题、旅游投诉等突发事件)30分钟响应或到现场解决"
"""海办发〔2021〕33号, 二(二)."""
NAMED_IN_THE_PLAN = {
    "水": (("停水", "突发停水", "水管爆裂"), "我们小区停水了"),
    "电": (("停电故障", "小区停电", "整片停电"), "我们这里停电了"),
    "气": (("燃气供应", "燃气停气", "燃气泄漏"), "家里停气了做不了饭"),
    "旅游投诉": (("强制购物", "导游态度", "订房不退", "景区收费", "退换困难"), "投诉导游强制购物"),
}
with (INSTALLATION / "tests" / "data" / "urgency.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


def level(text: str) -> str | None:
    found = {guess.path: guess for guess in PREFILL.read(text, at=datetime(2026, 12, 1, tzinfo=UTC)).guesses}
    urgency = found["demand.urgency"]
    assert urgency.value["reason"]
    return str(urgency.value["level"]) if urgency.confidence >= FILL_AT else None


@pytest.mark.parametrize("named", NAMED_IN_THE_PLAN)
def test_the_plans_own_sentence(named: str) -> None:
    assert all(char in PLAN for char in named)
    rows, said = NAMED_IN_THE_PLAN[named]
    taxonomy = read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv"))
    by_name = {row.names[-1]: row for row in taxonomy.values()}
    assert [name for name in rows if not by_name[name].plan_urgent] == []
    assert level(said) == "urgent"


def test_sentences_of_many_kinds() -> None:
    assert len(ROWS) >= 60
    wrong = [(row["text"], row["level"]) for row in ROWS if level(row["text"]) != row["level"]]
    assert wrong == []


@given(st.sampled_from([row["text"] for row in ROWS]), st.sampled_from(["有人被困在里面", "着火了", "有人受伤了"]))
def test_danger_raises_whatever_else_is_said(text: str, danger: str) -> None:
    assert level(f"{text}。{danger}") == "urgent"


@pytest.mark.parametrize("said", ["已经来水了", "水来了", "已经恢复供水了", "不急", "不着急", "不用派人了"])
@pytest.mark.parametrize("before", ["我们小区停水了", "早上没水", "家里一滴水都没有"])
def test_what_is_over_or_can_wait_is_lowered(before: str, said: str) -> None:
    assert level(f"{before}，{said}") == "normal"


def test_what_is_gone_already_is_not_over() -> None:
    assert level("已经没有水了三天了") == "urgent"


@pytest.mark.parametrize("said", ["又停了", "结果又没水了", "还没来水", "什么时候恢复", "你们不着急我着急"])
def test_what_is_not_over_stays_urgent(said: str) -> None:
    assert level(f"我们小区停水了，{said}") == "urgent"


@given(st.text(max_size=300))
def test_any_text_has_a_level_or_none(text: str) -> None:
    found = {g.path: g for g in PREFILL.read(text, at=datetime(2026, 12, 1, tzinfo=UTC)).guesses}
    assert ("demand.urgency" in found) == bool(text.strip())
