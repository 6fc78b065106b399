"""How many wrong passwords are let through, whatever the rhythm of a guesser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.attempts import FIRST_LOCK_S, LONGEST_LOCK_S, Attempts, Rule

pytestmark = pytest.mark.unit
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
RULES = st.builds(Rule, limit=st.integers(1, 40), forgive_s=st.sampled_from((60, 1800)))


@given(RULES, st.lists(st.floats(0, 4000), max_size=200))
def test_no_rhythm_of_guesses_gets_more_through_than_the_rule_and_its_forgiveness_allow(
    rule: Rule, pauses: list[float]
) -> None:
    attempts, now, through = Attempts(0, NOON), NOON, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        if not attempts.locked(now):
            attempts = attempts.one_more(rule, now)
            through += 1
    hours = (now - NOON).total_seconds()
    assert through <= rule.limit + hours / FIRST_LOCK_S
    assert through <= rule.limit + hours / min(rule.forgive_s, LONGEST_LOCK_S) + 6, "a lock doubles up to 15 minutes"


@given(RULES, st.integers(0, 100))
def test_the_last_allowed_attempt_locks_and_a_right_one_unlocks(rule: Rule, more: int) -> None:
    attempts = Attempts(0, NOON)
    for number in range(rule.limit):
        assert not attempts.locked(NOON), number
        attempts = attempts.one_more(rule, NOON)
    assert attempts.locked(NOON)
    assert not attempts.locked(NOON + timedelta(seconds=FIRST_LOCK_S))
    assert not attempts.one_less(rule).locked(NOON)
    for _ in range(more):
        attempts = attempts.one_more(rule, NOON)
    assert attempts.locked_until is not None
    assert attempts.locked_until <= NOON + timedelta(seconds=LONGEST_LOCK_S)


def test_an_office_that_mistypes_once_a_minute_is_never_locked() -> None:
    rule = Rule(limit=30, forgive_s=60)
    attempts, now = Attempts(0, NOON), NOON
    for _ in range(1000):
        attempts = attempts.one_more(rule, now)
        assert not attempts.locked(now)
        now += timedelta(seconds=61)


def test_a_clock_that_jumps_back_forgives_nothing() -> None:
    attempts = Attempts(4, NOON).one_more(Rule(limit=5, forgive_s=60), NOON - timedelta(hours=1))
    assert attempts.failed == 5


@pytest.mark.parametrize("back_s", [901, 3600, 86_400])
def test_a_clock_put_right_locks_nobody_out(back_s: int) -> None:
    """What a clock wrote that was ahead neither locks until then, nor keeps time from forgiving."""
    rule = Rule(limit=3, forgive_s=60)
    wrong = Attempts(0, NOON)
    for _ in range(9):
        wrong = wrong.one_more(rule, NOON)
    assert wrong.locked(NOON)
    now = NOON - timedelta(seconds=back_s)
    assert not wrong.locked(now)
    again = wrong.one_more(rule, now)
    assert again.locked(now)
    assert not again.locked(now + timedelta(seconds=901))
    assert again.one_more(rule, now + timedelta(seconds=12 * 60)).failed == 1
