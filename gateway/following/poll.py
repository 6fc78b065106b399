"""The loop under all background work: a step, then a pause that a wake-up ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.following.patience import Away, until_stored, untold

Wake = Callable[[], "asyncio.Future[None]"]
"""Gives what is done at the next commit that may have left work, of whichever process. A hint: polling finds the rest.
"""


def never() -> asyncio.Future[None]:
    """A ``Wake`` for work that no commit announces."""
    return asyncio.get_running_loop().create_future()


class PollLoop:
    """Does a step again and again. Nothing that happens during one is lost: it is followed by another."""

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

        A wake-up (``on``, ``wake``) ends the pause; ``gather`` is then awaited, for what comes soon after.
        ``away`` is told while the store is; the step is repeated with growing pauses.
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
        """Until cancelled. What else the step raises ends it."""
        while True:
            self._woken = asyncio.get_running_loop().create_future()
            hints = {self._woken, self._on()}
            if await until_stored(self._step, self._away):
                continue
            woken, _ = await asyncio.wait(hints, timeout=self._poll_s, return_when=asyncio.FIRST_COMPLETED)
            if woken and self._gather is not None:
                await self._gather()


async def every(
    seconds: float, step: Callable[[], Awaitable[object]], away: Away = untold, *, on: Wake = never
) -> None:
    """Do ``step`` now, and again ``seconds`` after each one has ended, until cancelled."""

    async def once() -> bool:
        await step()
        return False

    await PollLoop(once, poll_s=seconds, on=on, away=away).run()
