"""The kit's clocks, and the loop whose clock jumps."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from tests.support.clocks import NOON, SetClock, ShiftedClock
from tests.support.virtual_time import VirtualClock, run_virtual, standing_still

pytestmark = pytest.mark.unit


def test_a_set_clock_moves_when_told_and_a_jump_passes_no_time() -> None:
    clock = SetClock()
    ahead = clock.ahead(60)
    clock.forward(5)
    clock.jump(3600)
    assert (clock.now(), clock.monotonic()) == (NOON + timedelta(seconds=3605), 5)
    assert (ahead.now(), ahead.monotonic()) == (NOON + timedelta(seconds=3665), 5)


def test_a_shifted_clock_shifts_what_it_was_told_alone() -> None:
    shifted, true = ShiftedClock(ahead=timedelta(days=1)), ShiftedClock()
    assert timedelta(hours=23) < shifted.now() - true.now() < timedelta(hours=25)
    assert shifted.monotonic() - true.monotonic() < 3600


def test_a_virtual_day_passes_at_once_and_in_order() -> None:
    async def story() -> list[str]:
        seen: list[str] = []

        async def after(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            seen.append(name)

        await asyncio.gather(after(86_400, "day"), after(60, "minute"))
        assert VirtualClock().now() == NOON + timedelta(days=1)
        return seen

    assert run_virtual(story()) == ["minute", "day"]


def test_the_clock_stands_still_while_a_thread_works() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        sleeping = asyncio.create_task(asyncio.sleep(10))
        may_end = threading.Event()
        working = asyncio.create_task(asyncio.to_thread(may_end.wait))
        await asyncio.sleep(0)
        threading.Timer(0.05, may_end.set).start()
        await working
        assert (loop.time(), sleeping.done()) == (0, False)
        done = asyncio.Event()
        threading.Timer(0.05, loop.call_soon_threadsafe, [done.set]).start()
        with standing_still():
            await done.wait()
        assert loop.time() == 0
        await sleeping
        assert loop.time() == 10

    run_virtual(story())


def test_who_waits_for_ever_is_told() -> None:
    async def story() -> None:
        await asyncio.Event().wait()

    with pytest.raises(AssertionError, match="wait for ever"):
        run_virtual(story())
