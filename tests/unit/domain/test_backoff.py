"""The wait before another attempt: doubled, bounded, spread."""

from __future__ import annotations

import pytest

from gateway.domain.backoff import backoff_s

pytestmark = pytest.mark.unit


def test_doubles_up_to_its_limit() -> None:
    waits = [backoff_s(failures, first_s=1, most_s=300, jitter=1) for failures in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_is_spread_over_its_upper_half() -> None:
    assert backoff_s(3, first_s=2, most_s=300, jitter=0) == 4
    assert backoff_s(3, first_s=2, most_s=300, jitter=0.5) == 6


def test_a_thousand_faults_do_not_overflow() -> None:
    assert backoff_s(5000, first_s=1, most_s=60, jitter=1) == 60
