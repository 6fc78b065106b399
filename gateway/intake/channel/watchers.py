"""Who waits for news of a conversation: clients of channels that push (web chat, server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.domain.commit import thread_tag
from gateway.ports.message import StoredMessage

KEPT = 20
"""Messages of a watched conversation that are kept at hand."""
Key = tuple[str, str]


@dataclass(slots=True)
class _Watched:
    events: set[asyncio.Event] = field(default_factory=set)
    newest: list[StoredMessage] = field(default_factory=list)
    """As committed, without a gap, up to the last one; empty: not known."""


class Watchers:
    """Wakes whoever watches a person's conversation in this process, and has at hand what was just written to it."""

    def __init__(self) -> None:
        """Nobody watches yet."""
        self._watched: dict[Key, _Watched] = {}
        self._by_tag: dict[str, set[Key]] = {}

    def __len__(self) -> int:
        return sum(len(watched.events) for watched in self._watched.values())

    def wake(self, channel_id: str, sender: str, written: Sequence[StoredMessage] = ()) -> None:
        """Something has changed: ``written`` were added and nothing else; none: whatever it was, it has to be read."""
        watched = self._watched.get((channel_id, sender))
        if watched is None:
            return
        newest = watched.newest
        if not written or (newest and newest[-1].seq + 1 != written[0].seq):
            newest.clear()
        newest += written
        del newest[:-KEPT]
        for event in watched.events:
            event.set()

    def hear(self, threads: Collection[str] | None) -> None:
        """Another process has written to these conversations (by ``thread_tag``; None: it may be to any)."""
        tags = self._by_tag if threads is None else self._by_tag.keys() & threads
        for tag in tags:
            for key in self._by_tag[tag]:
                self.wake(*key)

    def watches(self, channel_id: str, sender: str) -> bool:
        """Whether it is of use to tell ``wake`` what was written."""
        return (channel_id, sender) in self._watched

    def newest(self, channel_id: str, sender: str, after: int) -> list[StoredMessage] | None:
        """Every message with ``seq > after``; None when that is not at hand."""
        watched = self._watched.get((channel_id, sender))
        if watched is None or not watched.newest or watched.newest[0].seq > after + 1:
            return None
        return [message for message in watched.newest if message.seq > after]

    @asynccontextmanager
    async def watch(self, channel_id: str, sender: str) -> AsyncIterator[AsyncIterator[None]]:
        """See ``ports.message.Conversations.watch``. What happens between two steps of the iterator is not lost."""
        key, tag = (channel_id, sender), thread_tag(channel_id, sender)
        event = asyncio.Event()
        watched = self._watched.setdefault(key, _Watched())
        watched.events.add(event)
        self._by_tag.setdefault(tag, set()).add(key)
        try:
            yield _news(event)
        finally:
            watched.events.discard(event)
            if not watched.events:
                del self._watched[key]
                self._by_tag[tag].discard(key)
                if not self._by_tag[tag]:
                    del self._by_tag[tag]


async def _news(event: asyncio.Event) -> AsyncIterator[None]:
    while True:
        await event.wait()
        event.clear()
        yield None
