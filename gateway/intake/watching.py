"""Who waits for news of a conversation: clients of channels that push (web chat, server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Watchers:
    """Wakes whoever watches a person's conversation in this process.

    ``every_s`` also wakes after so many quiet seconds: needed only where another process may have written.
    """

    def __init__(self, *, every_s: float | None = None) -> None:
        """None: news comes from this process alone."""
        self._events: dict[tuple[str, str], set[asyncio.Event]] = {}
        self._every_s = every_s

    def __len__(self) -> int:
        return sum(map(len, self._events.values()))

    def wake(self, channel_id: str, sender: str) -> None:
        """Something was written, or changed its state."""
        for event in self._events.get((channel_id, sender), ()):
            event.set()

    @asynccontextmanager
    async def watch(self, channel_id: str, sender: str) -> AsyncIterator[AsyncIterator[None]]:
        """See ``ports.message.Conversations.watch``. What happens between two steps of the iterator is not lost."""
        key = (channel_id, sender)
        event = asyncio.Event()
        self._events.setdefault(key, set()).add(event)
        try:
            yield self._news(event)
        finally:
            watching = self._events[key]
            watching.discard(event)
            if not watching:
                del self._events[key]

    async def _news(self, event: asyncio.Event) -> AsyncIterator[None]:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), self._every_s)
            event.clear()
            yield None
