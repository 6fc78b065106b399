"""An event log, its cursors and its leases in memory, which can be away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from gateway.domain.commit import Commit
from gateway.errors import StoreUnavailable
from gateway.storage.signal import CommitSignal
from tests.support.virtual_time import run_virtual


def story(told: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """A test in virtual time."""

    def test() -> None:
        run_virtual(told())

    test.__name__ = told.__name__
    test.__doc__ = told.__doc__
    return test


async def stopped(task: asyncio.Task[Any]) -> None:
    """Cancelled, and at its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def during(seconds: float, *duties: Awaitable[Any]) -> None:
    """They run for so long, or until a fault of theirs, and are stopped in order."""
    tasks = [asyncio.ensure_future(duty) for duty in duties]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            await stopped(task)


class Log:
    """``ports.conversation_store.ChannelStates`` and pages of event_seqs."""

    def __init__(self, page: int = 3) -> None:
        self.committed = CommitSignal()
        self.away = False
        self.last = 0
        self.page = page
        self.reads = 0
        self.cursor: dict[tuple[str, str], str] = {}
        self.saved: list[int] = []

    def commit(self, events: int = 1) -> None:
        """So many more, and everybody hears of it."""
        first = self.last + 1
        self.last += events
        self.committed.fire(Commit(first, self.last))

    async def read(self, after: int) -> list[int]:
        self._ask()
        self.reads += 1
        return list(range(after + 1, self.last + 1))[: self.page]

    async def newest(self) -> int:
        self._ask()
        return self.last

    async def get(self, channel_id: str, key: str) -> str | None:
        self._ask()
        return self.cursor.get((channel_id, key))

    async def put(self, channel_id: str, key: str, value: str) -> None:
        self._ask()
        self.cursor[channel_id, key] = value
        self.saved.append(int(value))

    async def put_new(self, channel_id: str, key: str, value: str) -> str:
        self._ask()
        return self.cursor.setdefault((channel_id, key), value)

    def _ask(self) -> None:
        if self.away:
            raise StoreUnavailable("away")


class Leases:
    """``ports.store.ChannelLeases`` of any number of processes: one that is not renewed in time is lost."""

    def __init__(self) -> None:
        self.owner: str | None = None
        self.until = 0.0
        self.away = False

    async def take(self, channel_id: str, owner: str, *, lease_s: float, is_gone: Callable[[str], bool]) -> bool:
        self._ask(channel_id)
        now = asyncio.get_running_loop().time()
        free = self.owner is None or self.until <= now or is_gone(self.owner)
        if free or self.owner == owner:
            self.owner, self.until = owner, now + lease_s
        return self.owner == owner

    async def release(self, channel_id: str, owner: str) -> None:
        self._ask(channel_id)
        if self.owner == owner:
            self.owner = None

    def _ask(self, channel_id: str) -> None:
        assert channel_id == "duty"
        if self.away:
            raise StoreUnavailable("away")
