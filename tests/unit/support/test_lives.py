"""Time that takes no time: lives go on in the order of their instants, and none is forgotten."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.support.clocks import NOON
from tests.support.lives import VirtualTime

pytestmark = pytest.mark.unit
HOUR = timedelta(hours=1)


async def test_lives_go_on_in_the_order_of_their_instants_also_of_those_that_come_of_others() -> None:
    time, seen = VirtualTime(), list[tuple[str, datetime]]()

    async def life(name: str, *hours: int) -> None:
        for hour in hours:
            await time.until(NOON + hour * HOUR)
            seen.append((name, NOON + hour * HOUR))
            await asyncio.sleep(0)
            if name == "first":
                time.live(life("of the first", hour + 1))

    time.live(life("first", 1, 4))
    time.live(life("second", 2, 3, 9))
    await time.passes(NOON + 4 * HOUR)
    assert [hour for _, hour in seen] == sorted(hour for _, hour in seen)
    assert sorted(name for name, _ in seen) == ["first", "first", "of the first", "second", "second"]
    await time.passes(NOON + 5 * HOUR)
    assert seen[-1] == ("of the first", NOON + 5 * HOUR)
    await time.ends()


async def test_a_life_that_fails_is_told_and_whoever_waits_at_the_end_is_let_go() -> None:
    time, gone = VirtualTime(), asyncio.Event()

    async def fails() -> None:
        await time.until(NOON + HOUR)
        raise LookupError("as it happens")

    async def waits() -> None:
        try:
            await time.until(NOON + 2 * HOUR)
        finally:
            gone.set()

    time.live(fails())
    time.live(waits())
    await time.passes(NOON)
    with pytest.raises(LookupError, match="as it happens"):
        await time.passes(NOON + HOUR)
    await time.ends()
    assert gone.is_set()
