"""Which recogniser a stream goes to, and which stream has a place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.recognition.connection import Access
from gateway.recognition.pool import FULL_S, LOST_S, MAX_BACKOFF_S, Pool
from gateway.recognition.slots import Slot, Slots
from gateway.telemetry import metrics
from tests.support.clocks import SetClock

pytestmark = pytest.mark.unit


def pool(*urls: str, clock: SetClock | None = None) -> Pool:
    return Pool(lambda: urls, Access(), (clock or SetClock()).monotonic)


def test_streams_go_where_the_fewest_are() -> None:
    ours = pool("a", "b")
    assert [ours.take(live=True) for _ in range(4)] == ["a", "b", "a", "b"]
    ours.release("b")
    assert ours.take(live=False) == "b"
    assert pool().take(live=True) is None


def test_one_that_lost_a_stream_comes_last_for_a_while() -> None:
    clock = SetClock()
    ours = pool("a", "b", clock=clock)
    ours.lost("a")
    assert [ours.take(live=True) for _ in range(2)] == ["b", "b"]
    clock.forward(LOST_S)
    assert ours.take(live=True) == "a"


def test_one_full_for_catch_up_may_have_room_for_a_call() -> None:
    clock = SetClock()
    ours = pool("a", clock=clock)
    ours.full("a", live=False)
    assert ours.take(live=False) is None
    assert ours.take(live=True) == "a"
    assert ours.usable == 1, "it works"
    ours.full("a", live=True)
    assert ours.take(live=True) is None
    clock.forward(FULL_S)
    assert ours.take(live=True) == ours.take(live=False) == "a"


def test_one_that_cannot_be_reached_is_left_alone_and_then_tried_by_one_stream() -> None:
    clock = SetClock()
    ours = pool("a", "b", clock=clock)
    pauses = []
    for _ in range(12):
        ours.failed("a", "no answer")
        before = clock.monotonic()
        assert not any(ours.take(live=True) == "a" for _ in range(3))
        while ours.take(live=True) != "a":
            clock.forward(0.05)
        pauses.append(clock.monotonic() - before)
        assert ours.take(live=True) == "b", "the others wait for what the first one finds"
    assert pauses[0] < 1 < max(pauses) < MAX_BACKOFF_S + 1


def test_a_change_is_told_once_and_counted() -> None:
    ours = pool("a", "b")
    ours.connected("a")
    with capture_logs() as logs:
        for why in ("expired", "expired", "wrong token"):
            ours.failed("b", why)
        ours.connected("b")
        ours.connected("b")
    assert [(line["event"], line["url"], line.get("why")) for line in logs] == [
        ("recogniser_unusable", "b", "expired"),
        ("recogniser_unusable", "b", "wrong token"),
        ("recogniser_usable", "b", None),
    ]
    assert metrics.ASR_USABLE._value.get() == ours.usable == 2
    ours.failed("a", "gone")
    assert metrics.ASR_USABLE._value.get() == ours.usable == 1


@given(
    limit=st.integers(1, 5), steps=st.lists(st.tuples(st.sampled_from(["live", "catch-up", "end"]), st.integers(0, 9)))
)
def test_a_call_is_refused_only_where_every_place_is_a_calls(limit: int, steps: list[tuple[str, int]]) -> None:
    slots = Slots(limit)
    held: dict[int, Slot] = {}
    for number, (step, which) in enumerate(steps):
        if step == "end":
            if held:
                slots.release(held.pop(sorted(held)[which % len(held)]))
        else:
            calls = sum(slot.live for slot in held.values())
            full = len(held) == limit
            newest = max((n for n, slot in held.items() if not slot.live), default=None)
            slot = slots.take(live=step == "live", make_way=lambda n=number: held.pop(n))
            if step == "live":
                assert (slot is None) == (calls == limit)
                assert not full or slot is None or newest not in held
            else:
                assert (slot is None) == full
            if slot is not None:
                held[number] = slot
        assert len(slots) == len(held) <= limit
    for slot in held.values():
        slots.release(slot)
        slots.release(slot)
    assert len(slots) == 0
