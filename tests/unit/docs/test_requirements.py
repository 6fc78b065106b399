"""What docs/requirements.md says of the city's plan is about tests that exist, the same in both languages."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
PAGES = {"en": ROOT / "docs" / "requirements.md", "zh": ROOT / "docs" / "requirements.zh-CN.md"}
NUMBERS = [*(f"S{n}" for n in range(1, 32)), "S31b", *(f"S{n}" for n in range(32, 38))]
TESTED, PARTLY = "tested", "partly"
PARTS = {"case core": "案件核心", "waiting room": "排队与坐席接听", "insight": "研判与报表", "grid": "网格"}
NAMED = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")


class Row(NamedTuple):
    """One sentence of the plan."""

    no: str
    article: str
    phrase: str
    meaning: str
    held_by: str
    tests: str
    remark: str


def rows(language: str) -> list[Row]:
    lines = PAGES[language].read_text(encoding="utf-8").splitlines()
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines if line.startswith("| S")]


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def missing(text: str) -> list[str]:
    """Tests that ``text`` names and that are not there."""
    return [
        f"{path}::{name}"
        for path, name in NAMED.findall(text)
        if not (ROOT / path).is_file() or name not in functions(ROOT / path)
    ]


@pytest.mark.parametrize("language", PAGES)
def test_every_sentence_of_the_plan_has_its_row(language: str) -> None:
    assert [row.no for row in rows(language)] == NUMBERS
    assert [row.no for row in rows(language) if not all((row.article, row.phrase, row.meaning, row.remark))] == []


@pytest.mark.parametrize("language", PAGES)
def test_every_test_that_is_named_exists(language: str) -> None:
    assert missing(PAGES[language].read_text(encoding="utf-8")) == []


def test_a_name_of_no_test_is_found() -> None:
    here = "tests/unit/docs/test_requirements.py"
    assert missing(f"`{here}::test_a_name_of_no_test_is_found` `{here}::test_nothing` `tests/no.py::test_x`") == [
        f"{here}::test_nothing",
        "tests/no.py::test_x",
    ]


def test_what_is_held_is_held_by_tests_and_the_rest_by_a_part() -> None:
    for row in rows("en"):
        whole, _, rest = row.held_by.partition(": ")
        parts = rest or ("" if whole == TESTED else whole)
        assert (whole in {TESTED, PARTLY}) == bool(NAMED.search(row.tests)), row.no
        assert all(part in PARTS for part in parts.split(", ") if part), row.no
        assert bool(parts) == (whole != TESTED), row.no


def test_both_languages_say_the_same() -> None:
    for english, chinese in zip(rows("en"), rows("zh"), strict=True):
        assert (english.no, english.article, english.phrase, english.tests) == (
            chinese.no,
            chinese.article,
            chinese.phrase,
            chinese.tests,
        )
        held = english.held_by.replace("partly: ", "部分已测；").replace("tested", "已测").replace(", ", "、")
        for part, name in PARTS.items():
            held = held.replace(part, name)
        assert chinese.held_by == held, english.no
        assert (english.remark == "–") == (chinese.remark == "–"), english.no
