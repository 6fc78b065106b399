"""The policy of cases: the shipped one says what the plan says, and a wrong one is refused line by line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.policy import WALL, CasePolicy, ClockKind, EscalateTo, Reckoning, UnreviewedReturn
from gateway.domain.hours import parse_span
from gateway.domain.words import DemandType
from gateway.edge.case_policy import read_case_policy
from gateway.edge.unit_table import read_units
from gateway.edge.yaml_source import YamlSource
from gateway.errors import ConfigError
from gateway.prefill.taxonomy import read_taxonomy

pytestmark = pytest.mark.unit

CONFIG = Path(__file__).resolve().parents[3] / "config"
SHIPPED = CONFIG / "case_policy.yaml"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(scope="module")
def policy() -> CasePolicy:
    taxonomy = read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv"))
    return read_case_policy(SHIPPED, version=7, categories=taxonomy)


def changed(old: str, new: str) -> str:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def problems(text: str, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as told:
        read_case_policy(Path("policy.yaml"), text=text, **more)
    return told.value.problems


@pytest.mark.parametrize(
    ("demand_type", "hours"),
    [
        ("consultation", 24),
        ("suggestion", 24),
        ("complaint", 48),
        ("help", 48),
        ("report", 48),
        ("other", 48),
        (None, 48),
    ],
)
def test_consultation_and_suggestion_24_hours_complaint_and_the_others_48(
    policy: CasePolicy, demand_type: str | None, hours: int
) -> None:
    assert policy.limit(ClockKind.REPLY, demand_type=demand_type).length == hours * HOUR


def test_urgent_30_minutes_to_respond_the_others_30_minutes_to_sign(policy: CasePolicy) -> None:
    assert policy.first(urgent=True) is ClockKind.RESPOND
    assert policy.first(urgent=False) is ClockKind.SIGN
    assert policy.limit(ClockKind.RESPOND).length == policy.limit(ClockKind.SIGN).length == 30 * MINUTE


def test_what_is_urgent_is_no_matter_of_the_policy() -> None:
    text = SHIPPED.read_text(encoding="utf-8") + "\nurgent: [{category: '0101'}]\n"
    assert "taxonomy.csv (danger, plan_urgent)" in str(problems(text))


def test_a_limit_of_the_taxonomy_goes_before_the_types_and_after_an_override(policy: CasePolicy) -> None:
    own = {"demand_type": "complaint", "own_limit": 3 * HOUR}
    assert policy.limit(ClockKind.REPLY, **own).length == 3 * HOUR
    assert policy.limit(ClockKind.SIGN, **own) == policy.limit(ClockKind.SIGN)
    text = SHIPPED.read_text(encoding="utf-8").replace(
        "overrides: []", "overrides: [{category: '0105', clock: reply, within: 4 h, warn_before: 1 h}]"
    )
    override = read_case_policy(SHIPPED, text=text)
    assert override.limit(ClockKind.REPLY, category="010501", **own).length == 4 * HOUR


def test_the_version_and_the_calendar_go_with_the_terms(policy: CasePolicy) -> None:
    own = WorkCalendar(code="M02", spans=(parse_span("mon-fri 08:30-17:30"),))
    assert policy.terms(ClockKind.SIGN, own).calendar is WALL
    assert policy.terms(ClockKind.SIGN, own).policy == 7
    worked = read_case_policy(
        SHIPPED, text=changed("within: 48 h\n    warn", "within: 48 h\n    counted: work\n    warn")
    )
    assert worked.terms(ClockKind.REPLY, own, demand_type="complaint").calendar is own
    assert worked.limit(ClockKind.REPLY, demand_type="complaint").counted is Reckoning.WORK


def test_of_several_overrides_the_most_exact_counts() -> None:
    rows = (
        '\n  - {category: "01", clock: reply, within: 12 h}'
        '\n  - {category: "0105", clock: reply, within: 6 h}'
        '\n  - {category: "0105", type: complaint, clock: reply, within: 5 h, escalate: [{after: 1 h, to: centre}]}'
        '\n  - {category: "0105", clock: sign, within: 1 h}\n'
    )
    policy = read_case_policy(SHIPPED, text=changed("overrides: []", f"overrides:{rows}"))
    of = {"category": "010501", "demand_type": "help"}
    assert policy.limit(ClockKind.REPLY, **of).length == 6 * HOUR
    assert policy.limit(ClockKind.REPLY, category="0101", demand_type="complaint").length == 12 * HOUR
    exact = policy.limit(ClockKind.REPLY, category="0105", demand_type="complaint")
    assert (exact.length, exact.warn_before) == (5 * HOUR, 4 * HOUR)
    assert [(step.after, step.to) for step in exact.escalation] == [(HOUR, EscalateTo.CENTRE)]
    assert policy.limit(ClockKind.SIGN, **of).length == HOUR
    assert policy.limit(ClockKind.RESPOND, **of).length == 30 * MINUTE


def test_the_switches() -> None:
    text = (
        changed("silence: upheld", "silence: returned")
        .replace("most: 1", "most: 2")
        .replace("longest: 48", "longest: 72")
    )
    text = text.replace("keep_on_reassignment: []", "keep_on_reassignment: [reply]").replace(
        "replies: false", "replies: true"
    )
    policy = read_case_policy(SHIPPED, text=text)
    assert policy.silence is UnreviewedReturn.RETURNED
    assert policy.keep_on_reassignment == {ClockKind.REPLY}
    assert (policy.approve_replies, policy.approve_extensions, policy.approve_pauses) == (True, True, True)
    assert (policy.most_extensions, policy.longest_extension) == (2, 72 * HOUR)


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    lines = [
        "limits:",
        "  respond: {within: 30}",
        "  sign: {within: 30 min, warn_before: 30 min}",
        "  reply: {within: 9000 h, colour: red}",
        "  decide: {within: 0 min}",
        "  review: {within: 1 h, escalate: [{after: 2 h, to: centre}, {after: 1 h, to: mayor}]}",
        "overrides:",
        "  - {category: 0101, clock: reply}",
        "  - {category: '1', type: complaint, clock: reply}",
        "replies: {nonsense: {within: 1 h}}",
        "silence: maybe",
    ]
    told = problems("\n".join(lines))
    for line, words in [
        (2, "'30 min or 24 h"[1:]),
        (3, "shorter than within"),
        (4, "longer than a year"),
        (4, "unknown key"),
        (5, "longer than nothing"),
        (6, "'unit', 'parent', 'centre' or 'supervision'"),
        (8, "in quotes"),
        (9, "pattern"),
        (10, "nonsense"),
        (11, "'returned' or 'upheld'"),
        (2, "approve"),
    ]:
        assert any(one.startswith(f"policy.yaml:{line}: ") and words in one for one in told), (line, words, told)
    assert len(told) == 11


def test_mistakes_that_show_only_against_the_usual_limit_are_told_with_their_line_too() -> None:
    text = changed(
        "overrides: []",
        'overrides:\n  - {category: "0105", clock: reply, within: 4 h}\n'
        '  - {category: "9901", clock: reply, within: 5 h}\n  - {category: "9901", clock: reply, within: 6 h}',
    ).replace("complaint: {within: 48 h}", "complaint: {within: 1 h}")
    told = problems(text, categories={"0101", "0105", "0201", "0301", "0302", "14"})
    at = YamlSource(Path("policy.yaml"), text).where
    too_long = "warn_before must be longer than nothing and shorter than within"
    assert told == [
        f"{at(('replies', 'complaint'))}: replies.complaint: {too_long}",
        f"{at(('overrides', 0))}: overrides.0: {too_long}",
        f"{at(('overrides', 1))}: overrides.1: the taxonomy has no category 9901",
        f"{at(('overrides', 2))}: overrides.2: the taxonomy has no category 9901",
        f"{at(('overrides', 2))}: overrides.2: another override says the same clock of the same category and type",
    ]


@pytest.mark.parametrize("text", ["", "limits", "[]", "limits: {sign: 3}", "a: [", "limits: 1\nlimits: 2"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    assert problems(text)


def test_every_type_of_demand_has_a_limit(policy: CasePolicy) -> None:
    assert all(policy.limit(ClockKind.REPLY, demand_type=name).length for name in DemandType)


def test_nothing_is_dispatched_without_people_until_the_city_says_how_sure_is_sure(policy: CasePolicy) -> None:
    assert policy.automatic_above is None
    on = changed("automatic_dispatch_above: null", "automatic_dispatch_above: 0.95")
    assert read_case_policy(SHIPPED, text=on).automatic_above == 0.95
    (told,) = problems(changed("automatic_dispatch_above: null", "automatic_dispatch_above: 0.3"))
    assert "automatic_dispatch_above" in told
