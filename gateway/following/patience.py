"""Asking again a store that is away."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.domain.backoff import backoff_s
from gateway.errors import StoreUnavailable

T = TypeVar("T")
FIRST_S, MOST_S = 1.0, 5.0
"""Pauses between two attempts."""
Away = Callable[[StoreUnavailable], None]
"""Is told of each attempt that failed."""


def untold(_error: StoreUnavailable) -> None:
    """The store tells its log itself."""


async def until_stored(work: Callable[[], Awaitable[T]], away: Away = untold) -> T:
    """What ``work`` gives, begun again after growing pauses for as long as the store is away."""
    failures = 0
    while True:
        try:
            return await work()
        except StoreUnavailable as error:
            failures += 1
            away(error)
        jitter = random.random()  # noqa: S311 - spreads those that wait for one store
        await asyncio.sleep(backoff_s(failures, first_s=FIRST_S, most_s=MOST_S, jitter=jitter))
