"""The table of faults is whole, and says what the gateway says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from gateway.telemetry import alarms
from tests.integration.faults.table import BY_NAME, FAULTS, Fault
from tests.support.command import ROOT

pytestmark = pytest.mark.integration
WANTED = {
    "second start",
    "dead models",
    "recogniser gone",
    "full disk",
    "clock jump",
    "wrong secret",
    "wrong URL",
    "receiver down with 20,000 events waiting",
    "revoked token",
    "expired certificate",
    "Valkey gone",
    "SQL gone",
}
BOOKS = [ROOT / "docs" / f"runbook{end}" for end in (".md", ".zh-CN.md")]
DOCTOR = [ROOT / "docs" / f"doctor{end}" for end in (".md", ".zh-CN.md")]


@cache
def functions(path: Path) -> set[str]:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {one.name for one in body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


@cache
def events() -> set[str]:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    return set(re.findall(r'_log\.\w+\(\s*"(\w+)"', source))


def test_every_fault_has_its_row() -> None:
    assert set(BY_NAME) == WANTED
    assert len(FAULTS) == len(WANTED)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_row_names_what_there_is(fault: Fault) -> None:
    for test in fault.tests:
        file, _, function = test.partition("::")
        assert function in functions(ROOT / "tests" / file), test
    assert not fault.log or fault.log in events()
    if fault.alarm is None:
        return
    alarm = alarms.BY_NAME[fault.alarm]
    assert bool(alarm.label) is bool(fault.of)
    assert fault.log or alarm.log is None, "what is logged under another name is in the row"
    for book in DOCTOR:
        assert f"`{fault.doctor}`" in book.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if one.log not in ("", one.alarm)], ids=lambda fault: fault.name
)
def test_the_runbook_leads_from_the_alarm_to_its_line(fault: Fault) -> None:
    for book in BOOKS:
        text = book.read_text(encoding="utf-8")
        paragraph = text.partition(f"### {fault.alarm}\n")[2].partition("\n### ")[0]
        assert fault.log in paragraph, f"{book.name}: {fault.alarm} does not name {fault.log}"
