"""An event loop whose clock jumps to the next timer when nothing else is to be done: hours of back-off in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

BEGINNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class _Selector(selectors.DefaultSelector):
    """Never sleeps but for a thread at work: says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(None if self.threads and timeout != 0 else 0)
        if not ready:
            assert timeout is not None, "nothing is due and nothing is running: the test would wait for ever"
            self.slept += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.slept

    def run_in_executor(self, *args: Any) -> asyncio.Future[Any]:
        """While a thread works the clock stands still: its end wakes the loop."""
        self._virtual.threads += 1
        work = super().run_in_executor(*args)
        work.add_done_callback(self._ended)
        return work

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Asyncio waits for the threads by a thread of its own, which this clock knows nothing of."""
        if self._default_executor is not None:
            self._default_executor.shutdown()

    def _ended(self, _: asyncio.Future[Any]) -> None:
        self._virtual.threads -= 1


class VirtualClock:
    """``ports.clock.Clock`` on the running loop."""

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtual(story: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story)
