"""One press is one key whichever ways report it, and two quick presses stay two."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sip.presses import EVENT, PAIRED_S, TONE, Presses

pytestmark = pytest.mark.unit

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
WAYS = (EVENT, TONE, RELAY, PLAIN)


def heard(reports) -> str:
    presses = Presses()
    return "".join(key for at, key, way in reports if presses.begins(key, way, at))


@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("second", WAYS)
def test_both_ways_are_one_key_and_the_same_way_twice_is_two(first, second):
    assert heard([(10.0, "5", first), (10.2, "5", second)]) == ("55" if first == second else "5")


def test_two_quick_presses_reported_in_two_ways_are_two_in_any_order():
    one, other = ("5", EVENT), ("5", RELAY)
    for order in ([one, other, one, other], [one, one, other, other], [other, one, one, other]):
        assert heard([(0.1 * n, *report) for n, report in enumerate(order)]) == "55"


def test_a_report_long_after_is_another_press():
    assert heard([(0.0, "5", EVENT), (PAIRED_S + 0.1, "5", RELAY)]) == "55"


def test_a_key_held_for_long_is_still_one_when_its_info_comes_at_the_end():
    presses = Presses()
    assert presses.begins("5", EVENT, 0.0)
    presses.lasts("5", EVENT, 9.0)
    assert not presses.begins("5", RELAY, 9.5)
    assert presses.begins("5", RELAY, 9.6)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from("0123456789*#"), min_size=1, max_size=12),
    st.lists(st.sampled_from(WAYS), min_size=1, max_size=4, unique=True),
    st.randoms(use_true_random=False),
)
def test_what_is_pressed_is_what_is_heard(pressed, ways, chance: random.Random):
    """Each way reports in its own order, later or earlier than the others, and loses a key here and there."""
    reports = []
    for way in ways:
        delay = chance.uniform(0.0, 1.5)
        for n, key in enumerate(pressed):
            if way == ways[0] or chance.random() < 0.8:
                reports.append((n * 0.3 + delay, key, way))
    reports.sort()
    assert sorted(heard(reports)) == sorted(pressed)
    if len(ways) == 1:
        assert heard(reports) == "".join(pressed)
