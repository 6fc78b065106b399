"""Lives that wait in virtual time, written down one after the other: ``await time.until(at)`` takes no time at all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from heapq import heappop, heappush
from itertools import count


class VirtualTime:
    """Wakes whoever waits, in the order of their instants, and knows when all wait again."""

    def __init__(self) -> None:
        """Nobody lives yet."""
        self._waiting: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._order = count()
        self._awake = 0
        self._all_wait = asyncio.Event()
        self._lives: set[asyncio.Task[None]] = set()
        self._failed: list[BaseException] = []

    def live(self, life: Coroutine[None, None, None]) -> None:
        """It goes on beside the others from now on."""
        self._awake += 1
        task = asyncio.create_task(life)
        self._lives.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._lives.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed.append(error)
        self._rests()

    def _rests(self) -> None:
        self._awake -= 1
        if not self._awake:
            self._all_wait.set()

    async def until(self, at: datetime) -> None:
        """Go on when it is ``at``."""
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (at, next(self._order), there))
        self._rests()
        await there

    async def passes(self, until: datetime) -> None:
        """Everybody who waits for an instant up to ``until`` goes on. The first failure of a life is raised."""
        while True:
            while self._awake:
                self._all_wait.clear()
                await self._all_wait.wait()
            if self._failed:
                raise self._failed[0]
            if not self._waiting or self._waiting[0][0] > until:
                return
            while self._waiting and self._waiting[0][0] <= until:
                self._awake += 1
                heappop(self._waiting)[2].set_result(None)

    async def ends(self) -> None:
        """Whoever waits still, waits no more."""
        lives = list(self._lives)
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
