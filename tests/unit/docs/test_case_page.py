"""docs/case.md draws the machine of tasks and the stages of tickets as the code has them, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.domain.status import Status, may_follow
from gateway.domain.task_status import NEXT, TaskStatus, TaskVerb
from scripts import case_page

pytestmark = pytest.mark.unit
EDGE = re.compile(r"^  (\w+) --> (\w+)(?:: (.+))?$", re.MULTILINE)


@pytest.mark.parametrize(("page", "language"), case_page.PAGES.items(), ids=case_page.PAGES.values())
def test_the_page_is_as_the_tables_have_it(page: Path, language: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert case_page.written(text, language) == text, "run: .venv/bin/python -m scripts.case_page"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_diagram_of_tasks_is_the_whole_table_and_nothing_else(language: str) -> None:
    drawn = EDGE.findall(case_page.tasks(language))
    shared = {before for before, after, _ in drawn if after == case_page.GROUP}
    told = {status: dict[str, str]() for status in TaskStatus}
    for before, after, label in drawn:
        if after != case_page.GROUP:
            verbs = [part.split()[-1] for part in label.split(" / ")]
            for status in shared if before == case_page.GROUP else {before}:
                told[TaskStatus(status)] |= dict.fromkeys(verbs, after)
    assert told == {status: {str(verb): str(after) for verb, after in ways.items()} for status, ways in NEXT.items()}


def test_every_verb_has_a_row() -> None:
    assert re.findall(r"^\| [^|]* `(\w+)` \|", case_page.verbs("en"), re.MULTILINE) == list(TaskVerb)


def test_the_stages_and_the_ways_out_are_all_that_may_follow() -> None:
    drawn = {(before, after) for before, after, _ in EDGE.findall(case_page.stages("en"))}
    outs = {one for one in Status if f"`{one}` |" in case_page.ways_out("en")}
    allowed = {(one, other) for one in Status for other in Status if one is not other and may_follow(one, other)}
    assert drawn == {(one, other) for one, other in allowed if not {one, other} & outs}
    assert outs | {one for pair in drawn for one in pair} == set(Status)


def test_a_page_that_has_lost_its_marks_is_not_written() -> None:
    with pytest.raises(ValueError, match="lost its marks"):
        case_page.written("# Cases\n", "en")
