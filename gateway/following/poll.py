"""The loop under all background work: a step, then a pause that a wake-up ends. A store that is away is waited for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.domain.backoff import backoff_s
from gateway.errors import StoreUnavailable

T = TypeVar("T")
FIRST_S, MOST_S = 1.0, 5.0
"""Pauses between two attempts at a store that is away."""
Away = Callable[..., object]
"""Is told of each such attempt, as a logger is: ``exc_info`` is what the store said."""
Wake = Callable[[], "asyncio.Future[None]"]
"""Gives what is done at the next commit, of whichever process, that may have left work. A hint: some come late."""


def untold(*, exc_info: StoreUnavailable) -> None:
    """An ``Away`` that tells nobody."""


def never() -> asyncio.Future[None]:
    """A ``Wake`` for work that no commit leaves."""
    return asyncio.get_running_loop().create_future()


async def until_stored(work: Callable[[], Awaitable[T]], away: Away = untold) -> T:
    """What ``work`` gives, begun again after growing pauses for as long as the store is away."""
    failures = 0
    while True:
        try:
            return await work()
        except StoreUnavailable as error:
            failures += 1
            away(exc_info=error)
        jitter = random.random()  # noqa: S311 - spreads those that wait for one store
        await asyncio.sleep(backoff_s(failures, first_s=FIRST_S, most_s=MOST_S, jitter=jitter))


class PollLoop:
    """Does a step again and again. What happens during one is followed by another."""

    def __init__(
        self,
        step: Callable[[], Awaitable[bool]],
        *,
        poll_s: float | None,
        on: Wake = never,
        gather: Callable[[], Awaitable[None]] | None = None,
        away: Away = untold,
    ) -> None:
        """``step`` says whether another one is to follow at once; else it does after ``poll_s`` (None: never).

        A wake-up (``on``, ``wake``) ends the pause; ``gather`` is then awaited, for what comes soon after it.
        """
        self._step = step
        self._poll_s = poll_s
        self._on = on
        self._gather = gather
        self._away = away
        self._woken: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """There may be more to do."""
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def run(self) -> None:
        """Until cancelled. What the step raises ends it, unless the store is away: then the step is repeated."""
        while True:
            self._woken = never()
            hints = {self._woken, self._on()}
            if await until_stored(self._step, self._away):
                continue
            woken, _ = await asyncio.wait(hints, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)
            if woken and self._gather is not None:
                await self._gather()


async def every(seconds: float, step: Callable[[], Awaitable[object]], away: Away = untold) -> None:
    """Do ``step`` now, and again ``seconds`` after each time, until cancelled."""
    while True:
        await until_stored(step, away)
        await asyncio.sleep(seconds)
