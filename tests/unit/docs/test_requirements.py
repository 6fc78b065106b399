"""What docs/requirements.md says of the plan and of complaints is about tests that exist, in both languages."""

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
PARTS = {"waiting room": "排队与坐席接听", "insight": "研判与报表", "grid": "网格"}
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


def complaints(language: str) -> list[tuple[str, str, str]]:
    """Where it was reported, what of, and the tests: the rows of the page's second table."""
    _, _, second = PAGES[language].read_text(encoding="utf-8").partition("\n## ")
    lines = [line for line in second.splitlines() if line.startswith("| ")][1:]
    return [
        (cells[0], cells[1], cells[2]) for cells in ([c.strip() for c in line.strip("|").split("|")] for line in lines)
    ]


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


def test_every_complaint_of_other_systems_users_has_its_tests_in_both_languages() -> None:
    english, chinese = complaints("en"), complaints("zh")
    assert len(english) == len({reported for reported, _, _ in english}) > 20
    assert all("#" in reported and told and NAMED.search(tests) for reported, told, tests in (*english, *chinese))
    assert [(one[0], one[2]) for one in english] == [(one[0], one[2]) for one in chinese]
