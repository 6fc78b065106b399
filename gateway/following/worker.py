"""The worker of leased rows: takes up what is due, works on several at once, and ends in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from gateway.errors import StoreUnavailable
from gateway.following.poll import Away, PollLoop, Wake, untold
from gateway.telemetry import log

T = TypeVar("T")
GATHER_S = 0.02
"""What ends, or is committed, so soon after something else is booked or leased with it: each is a transaction."""
_log = log.get("worker")


class LeasedWorker(Generic[T]):
    """Of a queue of rows. Several processes may run one each: leases in SQL keep them apart.

    The state is SQL's, so a worker may die at any moment: what it had leased is taken by another one.
    """

    def __init__(
        self,
        name: str,
        *,
        take: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Awaitable[None]],
        parallel: int,
        poll_s: float,
        on: Wake,
        gather_s: float = 0.0,
        drain_s: float = 0.0,
        away: Away = untold,
    ) -> None:
        """``take(n)`` leases at most ``n`` units of what is due; ``work`` carries one out and books what came of it.

        At most ``parallel`` at once. Due rows are looked for every ``poll_s`` seconds, and ``gather_s`` after a
        wake-up. At the end what is under way has ``drain_s``.
        """
        self._name = name
        self._take = take
        self._work = work
        self._parallel = parallel
        self._poll_s = poll_s
        self._gather_s = gather_s
        self._drain_s = drain_s
        self._away = away
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop = PollLoop(self._turn, poll_s=poll_s, on=on, gather=self._gather, away=away)

    def wake(self) -> None:
        """There may be more to take up."""
        self._loop.wake()

    async def run(self) -> None:
        """Work until cancelled; then what is under way has its time to end, and what has not is cancelled."""
        try:
            await self._loop.run()
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=self._drain_s)
            for task in self._under_way:
                task.cancel()
            await self.settled()

    async def step(self) -> bool:
        """Take up what is due, as far as there is room; whether there was anything."""
        room = self._parallel - len(self._under_way)
        taken = await self._take(room) if room > 0 else ()
        for one in taken:
            task = asyncio.create_task(self._carry(one), name=self._name)
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return bool(taken)

    async def settled(self) -> None:
        """Until nothing is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _turn(self) -> bool:
        await self.step()
        return False

    async def _carry(self, one: T) -> None:
        try:
            await self._work(one)
        except StoreUnavailable as error:
            self._away(exc_info=error)
        except Exception as error:  # noqa: BLE001 - one unit's fault must not end the others
            _log.error("work_broke", worker=self._name, exc_info=error)
        else:
            return
        await asyncio.sleep(self._poll_s)  # it may be due again at once

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._loop.wake()

    async def _gather(self) -> None:
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=GATHER_S)
        elif self._gather_s:
            await asyncio.sleep(self._gather_s)
