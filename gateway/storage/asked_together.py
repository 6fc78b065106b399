"""Questions for one row each that are asked in one turn of the event loop become one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class AskedTogether(Generic[T]):
    """However many ask at once, the database is asked once."""

    def __init__(self, find: Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]) -> None:
        """``find`` gives the rows of some keys, by key."""
        self._find = find
        self._keys: set[str] = set()
        self._next: asyncio.Task[Mapping[str, T]] | None = None

    async def get(self, key: str) -> T | None:
        """The row of ``key``, or None; raises what ``find`` raises."""
        self._keys.add(key)
        if self._next is None:
            self._next = asyncio.create_task(self._look(), name="asked-together")
        return (await asyncio.shield(self._next)).get(key)

    async def _look(self) -> Mapping[str, T]:
        keys, self._keys, self._next = sorted(self._keys), set(), None
        return await self._find(keys)
