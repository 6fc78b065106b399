"""How many changes a batch may hold, by how long the last one worked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.storage.writer import AIM_S, HELD_S, MIN_BATCH, room

pytestmark = pytest.mark.unit
MOST = 256


@given(st.integers(1, MOST), st.integers(1, MOST), st.floats(0, 10))
def test_a_batch_is_cut_to_what_the_last_ones_cost(before: int, done: int, worked_s: float) -> None:
    after = room(before, done, worked_s, MOST)
    assert 1 <= after <= MOST
    if worked_s > AIM_S:
        assert after <= max(MIN_BATCH, done)
        assert after == MIN_BATCH or after * worked_s / done <= AIM_S
    else:
        assert after >= min(before, MOST)


@given(st.floats(1e-5, HELD_S / MIN_BATCH / 2))
def test_it_finds_the_size_that_takes_the_time_and_stays_there(each_s: float) -> None:
    size = MOST
    for _ in range(30):
        size = room(size, size, size * each_s, MOST)
    assert size * each_s <= 1.5 * AIM_S + each_s
    assert size == MOST or (size + size // 2 + 1) * each_s > AIM_S


def test_one_by_one_stays_one_by_one() -> None:
    assert room(1, 1, 0.0, 1) == 1
    assert room(1, 1, 10.0, 1) == 1
