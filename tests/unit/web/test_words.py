"""Words of the desk and of the unit's pages: statuses, events, verbs, and no word that is not used."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from gateway.domain.task_status import UNIT_VERBS, TaskStatus

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
DESK = ROOT / "gateway/web/static/desk"
UNIT = ROOT / "gateway/web/static/unit"
LOOKED_UP = {"theme_auto", "theme_light", "theme_dark", "repeatWrong", "log_out_untold"}
"""Words by a name that is put together, or handed on as that of an error."""


def test_what_events_are_called_comes_from_their_classes() -> None:
    """``shared/event-names.js`` is made from them; test_desk_types holds it against them."""
    words = (DESK / "shared/words.js").read_text(encoding="utf-8")
    assert re.findall(r"^  events: (.*),$", words, re.MULTILINE) == ["EVENTS.zh", "EVENTS.en"]


def test_every_word_of_the_desk_stands_once_and_is_used() -> None:
    tables = [page.read_text(encoding="utf-8").partition("const en")[0] for page in sorted(DESK.glob("*/words*.js"))]
    names = Counter(name for table in tables for name in re.findall(r"^  (\w+): ", table, re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []
    pages = [page for page in DESK.glob("**/*.js") if "vendor" not in page.parts and "words" not in page.name]
    used = {name for page in pages for name in re.findall(r"\bt\.(\w+)", page.read_text(encoding="utf-8"))}
    house = "\n".join(module.read_text(encoding="utf-8") for module in (ROOT / "gateway").rglob("*.py"))
    codes = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', house))
    assert set(names) - used - codes - LOOKED_UP == set(), "words that no page shows and no answer of the API names"


def test_every_word_of_the_units_pages_stands_once_and_is_used() -> None:
    whole = (UNIT / "words.js").read_text(encoding="utf-8")
    table = whole.partition("const zh")[2].partition("const en")[0]
    names = re.findall(r"^  (\w+): ", table, re.MULTILINE)
    assert len(names) == len(set(names))
    pages = [page.read_text(encoding="utf-8") for page in UNIT.glob("*.js") if page.name != "words.js"]
    used = {name for page in pages for name in re.findall(r"\bu\.(\w+)", page)}
    handed_on = {name for page in pages for name in re.findall(r'"(\w+)"', page)}
    assert set(names) - used - handed_on == set(), "words that no page shows"


def test_every_verb_of_a_unit_and_status_of_its_task_has_words() -> None:
    table = (UNIT / "words.js").read_text(encoding="utf-8")
    assert all(table.count(f" {verb}: ") >= 4 for verb in UNIT_VERBS), "what it is called, and what is told when done"
    assert all(table.count(f"{status}: ") >= 2 for status in TaskStatus)
