"""Waking those who wait for the next commit."""

from __future__ import annotations

import asyncio


class CommitSignal:
    """Wakes every waiter at each commit of this process. Use on one event loop."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def next(self) -> asyncio.Future[None]:
        """Done at the next commit after this call. Take it before you look, then nothing is missed."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        return self._next

    def fire(self) -> None:
        """A commit happened."""
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None
