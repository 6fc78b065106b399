"""An event loop whose clock jumps to the next timer when nothing else is to be done: hours of back-off in no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

from tests.support.clocks import NOON

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Jumping(selectors.DefaultSelector):
    """Never sleeps but for a thread at work: says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_s = 0.0
        self.held = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if self.held and timeout != 0 else 0)
        if not ready:
            assert timeout is not None, "nothing is due and nothing is running: the test would wait for ever"
            self.slept_s += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock begins at 0, and stands still while a thread of an executor works: the thread's end wakes the loop."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.slept_s

    def hold(self) -> None:
        """Let the clock stand still until ``release``, as often as it was held."""
        self._jumping.held += 1

    def release(self, _: object = None) -> None:
        """Let it jump again."""
        self._jumping.held -= 1

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """See ``asyncio.loop.run_in_executor``."""
        self.hold()
        work: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        work.add_done_callback(self.release)
        return work

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Asyncio waits for the threads by a thread of its own, which this clock knows nothing of."""
        if self._default_executor is not None:  # type: ignore[attr-defined]  # asyncio does not show it
            self._default_executor.shutdown()  # type: ignore[attr-defined]  # as above


class VirtualClock:
    """``gateway.ports.clock.Clock`` on the running loop; it is noon when the loop begins."""

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return NOON + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return asyncio.get_running_loop().time()


@contextmanager
def standing_still() -> Iterator[None]:
    """Hold the running loop's clock while a thread that the loop knows nothing of works for somebody who waits."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.hold()
    try:
        yield
    finally:
        loop.release()


def run_virtual(story: Coroutine[Any, Any, T]) -> T:
    """Run ``story`` on a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
