"""The runner of ``.test.yaml`` files: does it see what it must, and do the flows we ship pass?"""

from pathlib import Path

import pytest

from gateway.domain.words import DangerKind
from gateway.ivr.audio import duration_s
from gateway.ivr.loader import load_flows
from gateway.ivr.prompts import DIGITS, digit_id
from gateway.ivr.schema import json_schema
from gateway.ivr.testing import run_tests

from .flows import flows

pytestmark = pytest.mark.unit
SHIPPED = Path(__file__).resolve().parents[3] / "ivr_flows"

STEPS = """
- do: listen
  id: demand
  say: [hello]
  silence_s: 5
  max_s: 30
  keys: {1: {then: [{do: goto, to: bye}]}}
  no_answer: [{do: end, disposition: abandoned_in_flow}]
- {do: act, id: register, action: register_ticket}
- {do: say, id: number, say: [number, digits: ticket_no], barge_in: false}
- {do: listen, id: last, say: [again], barge_in: false}
- {do: say, id: bye, say: [bye]}
- {do: end, disposition: completed}
"""
ALL = """
  - name: a key
    caller: [{key: 1, after_s: -0.2}]
    expect: {says: [hello, bye], ends: completed, within_s: 1}
  - name: nothing
    expect: {ends: abandoned_in_flow}
  - name: speech
    caller: [{speaks: x}, {speaks: y}]
    expect: {says: [hello, number, digits, again, bye], acts: [register_ticket], language: zh, ends: completed}
  - name: no more
    caller: [{speaks: x}, {silent: true}]
    expect: {ends: completed}
"""


DANGERS = "".join(
    f"""
  - name: danger, {kind}
    caller: [{{danger: {kind}}}]
    expect: {{says: [hello, hello], ends: completed}}"""
    for kind in DangerKind
)


def report(folder: Path, tests: str):
    loaded = flows(folder, STEPS)
    (folder / "one.test.yaml").write_text(f"flow: one\ntests:{tests.rstrip()}{DANGERS}\n", encoding="utf-8")
    return run_tests(folder, loaded)


def test_all_pass(tmp_path):
    result = report(tmp_path, ALL)
    assert result.failed == []
    assert len(result.passed) == 4 + len(DangerKind)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("caller: [{key: 1}]\n    expect: {ends: deflected}", "ends completed, expected deflected"),
        ("caller: [{key: 1}]\n    expect: {says: [hello], ends: completed}", "says [hello, bye], expected [hello]"),
        ("caller: [{speaks: x}]\n    expect: {acts: [], ends: completed}", "acts [register_ticket], expected []"),
        ("caller: [{key: 1}]\n    expect: {language: en, ends: completed}", "language zh, expected en"),
        ("expect: {ends: abandoned_in_flow, within_s: 5}", "takes 5.5 s, expected at most 5 s"),
        ("caller: [{key: 1}, {silent: true}]\n    expect: {ends: completed}", "1 turn(s) of the caller were never"),
        ("caller: [{speaks: x, for_s: 45}]\n    expect: {ends: completed}", "is cut off: 'demand' hears 30 s"),
        ("caller: [{speaks: x, pause_s: 2}]\n    expect: {ends: completed}", "is cut off: 'demand' takes 2 s of"),
        ("caller: [{speaks: x, after_s: 6}]\n    expect: {ends: completed}", "answers 6 s after the prompt"),
        (
            "caller: [{speaks: x}, {speaks: y, after_s: -1}]\n    expect: {ends: completed}",
            "speaks into a prompt of 'last'",
        ),
    ],
)
def test_what_differs_is_said_with_the_line(tmp_path, case, expected):
    failed = report(tmp_path, f"\n  - name: wrong\n    {case}\n{ALL}").failed
    assert len(failed) == 1, failed
    assert f"one.test.yaml:3: wrong: {expected}" in failed[0]


def test_a_branch_that_no_test_takes_is_a_failure(tmp_path):
    failed = report(tmp_path, ALL.replace("caller: [{key: 1, after_s: -0.2}]", "caller: [{speaks: a}]")).failed
    assert any("no test takes branch 'key 1' of step 'demand'" in line for line in failed)


def test_a_stuck_dialogue_ends_the_test(tmp_path):
    ask = "- {{do: listen, id: {}, say: [hello], attempts: 5, silence_s: 600}}\n"
    loaded = flows(
        tmp_path, f"{ask.format('a')}{ask.format('b')}{ask.format('c')}- {{do: end, disposition: completed}}"
    )
    (tmp_path / "one.test.yaml").write_text(
        "flow: one\ntests: [{name: x, expect: {ends: completed}}]", encoding="utf-8"
    )
    assert "ends None, expected completed" in run_tests(tmp_path, loaded).failed[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "no such file"),
        ("flow: two\ntests: [{name: x, expect: {ends: completed}}]", "one.test.yaml:1: tests flow 'two'"),
        ("flow: one\ntests: [{name: x, actions: {fly: ok}, expect: {ends: completed}}]", "no action 'fly'"),
        (
            "flow: one\ntests: [{name: x, caller: [{key: 1, silent: true}], expect: {ends: completed}}]",
            "exactly one of",
        ),
        ("flow: one\ntests: []", "at least 1 item"),
    ],
)
def test_test_files_that_cannot_be_run(tmp_path, text, expected):
    loaded = flows(tmp_path, STEPS)
    if text is not None:
        (tmp_path / "one.test.yaml").write_text(text, encoding="utf-8")
    assert expected in run_tests(tmp_path, loaded).failed[0]


def test_the_flows_we_ship_pass_their_tests():
    result = run_tests(SHIPPED, load_flows(SHIPPED))
    assert result.failed == []
    assert {"hotline", "after_hours", "chat"} == {line.split(":")[0] for line in result.passed}


def test_the_schema_for_editors_is_current():
    assert (SHIPPED / "flow.schema.json").read_text(encoding="utf-8") == json_schema()


def test_the_prompts_we_ship_are_short():
    prompts = load_flows(SHIPPED)["hotline"].prompts
    for language in ("zh", "en"):
        items = prompts.items[language]
        assert {digit_id(d) for d in DIGITS} <= set(items)
        greeting = duration_s(items["greeting"]) + duration_s(items["go_ahead"])
        assert greeting <= 8, f"{language}: who calls has to wait {greeting:.1f} s"
        longest = max(duration_s(items[digit_id(d)]) for d in DIGITS)
        number = duration_s(items["your_number"]) + duration_s(prompts.digits(language, "1111 2222"))
        slowest = max(duration_s(items["your_number"]) + 8 * longest + 0.35, number)
        assert slowest <= 6, f"{language}: the number takes {slowest:.1f} s"
        assert all(duration_s(item) < 7 for item in items.values())
    assert "非商业" in (SHIPPED / "prompts" / "NOTICE").read_text(encoding="utf-8")
