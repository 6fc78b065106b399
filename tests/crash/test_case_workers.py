"""Three workers of cases killed over their work: no clock fires twice, and every reporter is told the reply once."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.events import ClockBreached, ReplyUnderWay
from gateway.following.follower import KEY
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.crash import case_child
from tests.support.centre import Centre
from tests.support.clocks import SetClock
from tests.support.stores import Open

pytestmark = pytest.mark.crash
WORKERS, KILLS = 3, 3
TICKETS, HEADS, REPORTERS = 60, 3, 6
STEPS = 40
"""A worker lives for so many at most; of those that the test kills."""
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([case_child.__name__])


async def test_no_clock_fires_twice_and_nobody_is_told_twice(
    url: str, opened: Open, clock: SetClock, tmp_path: Path
) -> None:
    db = await opened()
    clocks = await overdue(db)
    reporters = await merged(Centre(db, clock))
    for name in ("replies", "after-reply"):
        await db.channel_states.put(name, KEY, "0")
    done = asyncio.Event()
    pick = random.Random(12345)
    lives = [life(url, tmp_path, [pick.randint(1, STEPS) for _ in range(KILLS)], done) for _ in range(WORKERS)]
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for one in lives:
            group.create_task(one)
        group.create_task(until(lambda: is_over(db, clocks, reporters), done))
    events = await every_event(db)
    fired = Counter(event["data"]["clock_id"] for event in events if event["type"] == ClockBreached.TYPE)
    assert fired == Counter(clocks)
    centre = Centre(db, clock)
    assert [len(await centre.messages(one)) for one in reporters] == [1] * len(reporters)
    last = await db.reader.last_event_seq()
    await centre.follow(again=True)
    assert await db.reader.last_event_seq() == last, "who reads all of it again has nothing to add"


async def overdue(db: Database) -> list[str]:
    """Tickets that were dispatched and that nobody has signed; the ids of their clocks."""
    office, clocks = Office(db), []
    for _ in range(TICKETS):
        await office.registered()
        await office.dispatched("M02")
        clocks.append((await office.clock("sign"))["clock_id"])
    return clocks


async def merged(centre: Centre) -> list[str]:
    """Answered tickets into which others went before that and after it; all of them, each of another person."""
    reporters = []
    for nth in range(HEADS):
        family = [await centre.registered("telegram", f"t{nth}.{person}") for person in range(REPORTERS)]
        head, *others = family
        for other in others[::2]:
            await centre.merged(other, head)
        await centre.do("reply", head, text="已经恢复供水")
        for other in others[1::2]:
            await centre.merged(other, head)
        reporters += family
    return reporters


async def life(url: str, folder: Path, steps: list[int], done: asyncio.Event) -> None:
    """A worker that is killed after so many steps, and started anew; the last one works until all is done."""
    for most in [*steps, None]:
        told, tells = FORKS.Pipe(duplex=False)
        process = FORKS.Process(target=case_child.work, args=(url, folder, tells))
        await asyncio.to_thread(process.start)
        tells.close()
        try:
            seen = 0
            while not done.is_set() and (most is None or seen < most):
                await asyncio.to_thread(told.recv)
                seen += 1
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
            told.close()


async def until(is_so: Callable[[], Coroutine[Any, Any, bool]], done: asyncio.Event) -> None:
    while not await is_so():
        await asyncio.sleep(0.1)
    done.set()


async def is_over(db: Database, clocks: list[str], reporters: list[str]) -> bool:
    kinds = Counter(event["type"] for event in await every_event(db))
    return kinds[ClockBreached.TYPE] >= len(clocks) and kinds[ReplyUnderWay.TYPE] >= len(reporters)


async def every_event(db: Database) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := await db.reader.events(after=len(found), limit=1000):
        found += page
    return found
