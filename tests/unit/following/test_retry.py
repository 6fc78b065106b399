"""How long work that failed waits, and when it is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.following.retry import Retry

pytestmark = pytest.mark.unit
RETRY = Retry(first_s=2.0, most_s=300.0, asked_most_s=3600.0, max_age_s=86_400.0, max_attempts=50)
JITTER = st.floats(0, 1, exclude_max=True)


@given(attempts=st.integers(1, 10_000), jitter=JITTER, asked_s=st.none() | st.floats(0, 1e9))
def test_a_pause_is_bounded_and_never_shorter_than_the_other_side_asks(
    attempts: int, jitter: float, asked_s: float | None
) -> None:
    pause = RETRY.pause_s(attempts, jitter=jitter, asked_s=asked_s)
    assert 1.0 <= pause <= 3600.0
    assert pause >= min(asked_s or 0.0, 3600.0)
    if asked_s is None:
        assert pause <= 300.0


@given(attempts=st.integers(1, 49), age_s=st.floats(-1e9, 86_400.0), jitter=JITTER)
def test_while_it_is_young_and_has_not_failed_too_often_it_is_tried_again(
    attempts: int, age_s: float, jitter: float
) -> None:
    assert RETRY.in_s(attempts, age_s=age_s, jitter=jitter) == RETRY.pause_s(attempts, jitter=jitter)


def test_then_it_is_given_up() -> None:
    assert RETRY.in_s(50, age_s=0, jitter=0) is None
    assert RETRY.in_s(1, age_s=86_401, jitter=0) is None
    patient = Retry(first_s=1, most_s=60, asked_most_s=60, max_age_s=1e9)
    assert patient.in_s(100_000, age_s=1e8, jitter=0) == 30
