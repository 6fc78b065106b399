"""Waiting for what will become true. The bounds only end tests that would hang; they measure nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any


async def until(true: Callable[[], object], what: str = "", *, within_s: float = 30.0) -> None:
    """Wait for a condition, which may be a coroutine function; the assertion names ``what``."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                now = true()
                if await now if isinstance(now, Awaitable) else now:
                    return
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {within_s:.0f} s in vain for {what or true}") from None


async def ended(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they have ended, in whatever way."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def eventually(found: Callable[[], Any], *, within_s: float = 30.0, what: str = "") -> Any:
    """Poll until ``found`` is truthy, outside of a loop; its value."""
    end = time.monotonic() + within_s
    while True:
        result = found()
        if result:
            return result
        assert time.monotonic() < end, f"waited {within_s:.0f} s in vain for {what or found}"
        time.sleep(0.05)
