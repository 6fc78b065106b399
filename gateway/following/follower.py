"""The follower of what is committed: in order of event_seq, from a cursor on, then each commit as it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from gateway.errors import StoreUnavailable
from gateway.following.patience import until_stored
from gateway.following.poll import PollLoop, Wake
from gateway.ports.cursors import Cursors
from gateway.telemetry import log

T = TypeVar("T")
SAVE_EVERY = 200
"""Events that nobody wanted are read again after a restart, at most so many."""
_log = log.get("follower")


class Cursor(Protocol):
    """How far a follower has come."""

    async def start(self) -> int:
        """The event_seq behind which it begins."""
        ...

    async def reached(self, seq: int, *, now: bool) -> None:
        """It is done with ``seq``; ``now``: that must outlive this process."""
        ...


class DurableCursor:
    """A ``Cursor`` in SQL: of several processes that follow under one name, the first to begin says where."""

    def __init__(self, name: str, *, cursors: Cursors, begin: Callable[[], Awaitable[int]]) -> None:
        """``begin`` gives the event_seq behind which the first run ever begins."""
        self._name = name
        self._cursors = cursors
        self._begin = begin
        self._unsaved = 0

    async def start(self) -> int:
        """See ``Cursor.start``."""
        self._unsaved = 0
        saved = await self._cursors.get(self._name)
        return saved if saved is not None else await self._cursors.put_new(self._name, await self._begin())

    async def reached(self, seq: int, *, now: bool) -> None:
        """See ``Cursor.reached``."""
        self._unsaved += 1
        if now or self._unsaved >= SAVE_EVERY:
            await self._cursors.put(self._name, seq)
            self._unsaved = 0


class MemoryCursor:
    """A ``Cursor`` of what each process builds anew."""

    def __init__(self, begin: Callable[[], Awaitable[int]]) -> None:
        """``begin`` gives the event_seq behind which this process begins."""
        self._begin = begin
        self._at: int | None = None

    async def start(self) -> int:
        """See ``Cursor.start``."""
        if self._at is None:
            self._at = await self._begin()
        return self._at

    async def reached(self, seq: int, *, now: bool) -> None:  # noqa: ARG002 - Cursor's
        """See ``Cursor.reached``."""
        self._at = seq


class Follower(Generic[T]):
    """Hands on what it wants, one after the other; a store that is away is waited for, and nothing is left out.

    What ``handle`` raises otherwise ends the run; the next one begins at the saved cursor.
    """

    def __init__(
        self,
        name: str,
        *,
        read: Callable[[int], Awaitable[Sequence[T]]],
        seq: Callable[[T], int],
        cursor: Cursor,
        on: Wake,
        handle: Callable[[T], Awaitable[None]],
        wants: Callable[[T], bool] = lambda _: True,
        at_most_once: bool = False,
        gather: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``read(after)`` gives the next page behind an event_seq, ``seq`` the event_seq of one of it.

        Each is handled at least once: again, when the process dies over it. ``at_most_once``: not again.
        """
        self._name = name
        self._read = read
        self._seq = seq
        self._cursor = cursor
        self._handle = handle
        self._wants = wants
        self._at_most_once = at_most_once
        self._loop = PollLoop(self._page, poll_s=None, on=on, gather=gather, away=self._waits)
        self.at = 0
        """Everything up to this event_seq is handled."""

    async def run(self) -> None:
        """Until cancelled."""
        self.at = await until_stored(self._cursor.start, self._waits)
        await self._loop.run()

    async def _page(self) -> bool:
        page = await self._read(self.at)
        for one in page:
            await self._pass(one)
        return bool(page)

    async def _pass(self, one: T) -> None:
        seq, wanted = self._seq(one), self._wants(one)
        if wanted and self._at_most_once:
            await self._cursor.reached(seq, now=True)
        if wanted:
            await self._handle(one)
        if not (wanted and self._at_most_once):
            await self._cursor.reached(seq, now=wanted)
        self.at = seq

    def _waits(self, error: StoreUnavailable) -> None:
        _log.warning("follower_waits_for_store", follower=self._name, exc_info=error)


def event_seq(event: Any) -> int:
    """``seq`` of a follower of the event log."""
    return int(event["event_seq"])
