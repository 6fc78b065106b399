"""Statuses: what may follow what, and that nobody spells them but ``gateway.domain.status``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import status
from gateway.domain.status import Status
from gateway.errors import Conflict

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
LOOP = ("registered", "classified", "dispatched", "signed", "handling", "replied", "evaluated", "archived")
ENDS = ("merged", "deflected", "informed", "withdrawn")
EVERY = st.sampled_from(Status)
OTHER_WORDS = {
    ("gateway/domain/words.py", "deflected"): "how a call ended",
    **{
        ("gateway/domain/case/verbs.py", name): "what refusals say in English"
        for name in ("dispatched", "evaluated", "archived", "informed", "withdrawn")
    },
    ("gateway/domain/case/reasons.py", "evaluated"): "why a case is put away",
    ("gateway/domain/task_status.py", "signed"): "a status of a unit's task",
    ("gateway/domain/task_status.py", "replied"): "a status of a unit's task",
    ("gateway/intake/call/progress.py", "replied"): "a prompt of the telephone",
    ("gateway/ivr/actions.py", "replied"): "a prompt of the telephone",
    ("gateway/domain/events/told.py", "merged"): "a key of events",
    ("gateway/casework/reply_teller.py", "merged"): "a key of events",
    ("gateway/domain/events/told.py", "replied"): "a key of events",
    ("gateway/cli/trace_view.py", "registered"): "a step of a contact's way",
    ("gateway/intake/conversation/text_flow.py", "registered"): "a variable of a flow",
    ("gateway/intake/conversation/follow_up.py", "withdrawn"): "what a requester is told of it, in English",
}
"""Constants that are spelled like a status and are none, with what they are."""


def test_the_statuses_are_those_of_the_record() -> None:
    assert tuple(Status) == LOOP + ENDS
    assert all(one.zh and one.en for one in Status)
    assert len({one.zh for one in Status}) == len({one.en for one in Status}) == len(Status)


@pytest.mark.parametrize(("before", "after"), list(pairwise(LOOP)))
def test_the_loop_is_gone_through_step_by_step(before: str, after: str) -> None:
    assert status.moved(Status(before), Status(after)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("registered", "archived"),
        ("registered", "evaluated"),
        ("registered", "signed"),
        ("replied", "registered"),
        ("archived", "merged"),
        ("withdrawn", "handling"),
        ("withdrawn", "merged"),
        ("deflected", "registered"),
        ("merged", "withdrawn"),
        ("replied", "withdrawn"),
    ],
)
def test_nonsense_is_refused_and_told_what_may_be(before: str, after: str) -> None:
    with pytest.raises(Conflict, match=f"{before} cannot become {after}; it can become: "):
        status.moved(Status(before), Status(after))


@pytest.mark.parametrize("before", ["replied", "evaluated", "archived", "informed"])
def test_what_was_answered_can_be_reopened(before: str) -> None:
    assert status.may_follow(Status(before), Status("handling"))


@given(EVERY, EVERY)
def test_only_open_tickets_are_merged_and_they_come_back_open(before: Status, after: Status) -> None:
    merged = Status("merged")
    if before is not merged:
        assert status.may_follow(before, merged) == (before in status.OPEN)
    if after is not merged:
        assert status.may_follow(merged, after) == (after in status.OPEN)


@given(EVERY)
def test_every_open_status_can_be_left_and_reaches_the_end(start: Status) -> None:
    reached, edge = {start}, {start}
    while edge:
        edge = {after for one in edge for after in Status if status.may_follow(one, after)} - reached
        reached |= edge
    assert start not in status.OPEN or Status("archived") in reached
    assert status.may_follow(start, start)


def test_open_and_closed_are_all() -> None:
    assert set(Status) == status.OPEN | status.CLOSED
    assert not status.OPEN & status.CLOSED
    assert {"archived", *ENDS} == status.CLOSED
    assert status.UNANSWERED < status.OPEN
    assert status.NOT_BEGUN < status.UNANSWERED


def spelled(tree: ast.AST) -> Iterator[ast.Constant]:
    """Constants that are spelled like a status; ``handling`` is a section of the record, too, where no status stands.

    Of that one only what is compared with a status, or given as one, counts.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in set(LOOP + ENDS) - {"handling"}:
            yield node
        meant: list[ast.AST] = []
        match node:
            case ast.Compare():
                meant = [node.left, *node.comparators] if "status" in ast.unparse(node) else []
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                meant = [value for key, value in pairs if key is not None and "status" in ast.unparse(key)]
            case ast.keyword(arg=str(name)) if "status" in name:
                meant = [node.value]
            case ast.Assign():
                meant = [node.value] if any("status" in ast.unparse(target) for target in node.targets) else []
        for inner in (inner for one in meant for inner in ast.walk(one)):
            if isinstance(inner, ast.Constant) and inner.value == "handling":
                yield inner


def test_no_status_is_spelled_outside_its_module() -> None:
    found: set[tuple[str, str]] = set()
    for folder in ("gateway", "channels"):
        for module in sorted((ROOT / folder).rglob("*.py")):
            name = module.relative_to(ROOT).as_posix()
            if name != "gateway/domain/status.py":
                found |= {(name, node.value) for node in spelled(ast.parse(module.read_text(encoding="utf-8")))}
    assert found - OTHER_WORDS.keys() == set()
    assert OTHER_WORDS.keys() - found == set(), "these stand there no more; take them off the list"


def test_no_page_spells_a_status() -> None:
    quoted = re.compile(rf"""[\"'`]({"|".join((*LOOP, *ENDS))})[\"'`]""")
    pages = [page for folder in ("gateway", "channels") for page in sorted((ROOT / folder).rglob("*.js"))]
    assert len(pages) > 20
    found = {(page.name, name) for page in pages for name in quoted.findall(page.read_text(encoding="utf-8"))}
    sections = {("ticket.js", "handling"), ("replies.js", "handling")}
    assert found - sections == set(), "names and order of statuses are served by /api/v1/fields"


@pytest.mark.parametrize(
    "code",
    [
        'x = "archived"',
        'if ticket.status == "handling": pass',
        'row = {"status": "handling"}',
        'row["status"] = "handling"',
        'f(status="handling")',
    ],
)
def test_the_search_sees_a_spelled_status(code: str) -> None:
    assert list(spelled(ast.parse(code)))
    assert not list(spelled(ast.parse('doc["handling"]["callback"]')))
