"""Waking those who wait for the next commit, of this process and of others that tell of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator


class _Bell:
    """Wakes every waiter at each ring."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def next(self) -> asyncio.Future[None]:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next

    def ring(self) -> None:
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None


class CommitSignal:
    """Wakes every waiter at each commit. Use on one event loop."""

    def __init__(self) -> None:
        self._any, self._own, self._others = _Bell(), _Bell(), _Bell()
        self._newest = 0
        self._newest_own = 0

    def next(self) -> asyncio.Future[None]:
        """Done at the next commit after this call. Take it before you look, then nothing is missed."""
        return self._any.next()

    def fire(self, event_seq: int) -> None:
        """This process has committed up to ``event_seq``."""
        if event_seq > self._newest_own:
            self._newest_own = event_seq
            self._newest = max(self._newest, event_seq)
            self._own.ring()
        self._any.ring()

    def hear(self, event_seq: int | None) -> None:
        """Another process has committed up to ``event_seq`` (None: it is not known how far)."""
        # Commits are in order of event_seq: who was woken for a later one has seen this one.
        if event_seq is None or event_seq > self._newest:
            self._newest = max(self._newest, event_seq or 0)
            self._others.ring()
            self._any.ring()

    async def own(self) -> AsyncGenerator[int, None]:
        """The newest event_seq after one or more commits of this process."""
        rung = self._own.next()
        while True:
            await asyncio.wait({rung})
            rung = self._own.next()
            yield self._newest_own

    async def others(self) -> AsyncGenerator[None, None]:
        """Once after one or more commits of other processes."""
        rung = self._others.next()
        while True:
            await asyncio.wait({rung})
            rung = self._others.next()
            yield
