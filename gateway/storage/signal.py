"""Waking those who wait for the next commit, of this process and of others that tell of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from gateway.domain.commit import Commit


class _Known:
    """Of which commits this process knows: all up to ``upto``, and some that lie apart."""

    def __init__(self) -> None:
        self.upto: int | None = None
        """None until the log was looked at."""
        self._apart: dict[int, int] = {}

    @property
    def gap(self) -> bool:
        """Whether a commit is missing that others came after."""
        return bool(self._apart)

    def add(self, commit: Commit) -> bool:
        """Take it in; False when it was known."""
        if self.upto is None:
            return True
        if commit.last <= self.upto or self._apart.get(commit.first) == commit.last:
            return False
        self._apart[commit.first] = commit.last
        self._join()
        return True

    def found(self, last: int) -> None:
        """The log was looked at, and reached ``last``."""
        self.upto = last if self.upto is None else max(self.upto, last)
        self._apart = {begin: end for begin, end in self._apart.items() if end > last}
        self._join()

    def _join(self) -> None:
        while self.upto is not None and (end := self._apart.pop(self.upto + 1, None)) is not None:
            self.upto = end


class _Inbox:
    """Commits that a subscriber has still to take."""

    def __init__(self) -> None:
        self._commits: list[Commit] = []
        self._there = asyncio.Event()

    def put(self, commit: Commit) -> None:
        self._commits.append(commit)
        self._there.set()

    async def take(self) -> list[Commit]:
        await self._there.wait()
        self._there.clear()
        taken, self._commits = self._commits, []
        return taken


class _Next:
    """What everybody who asks for it before it is done waits for together."""

    def __init__(self) -> None:
        self._future: asyncio.Future[None] | None = None

    def __call__(self) -> asyncio.Future[None]:
        if self._future is None or self._future.done():
            self._future = asyncio.get_running_loop().create_future()
        return self._future

    def done(self) -> None:
        if self._future is not None and not self._future.done():
            self._future.set_result(None)


class CommitSignal:
    """Wakes every waiter at each commit, once, however often it is told of. Use on one event loop.

    What nobody told of is found by ``CommitNet``, which must run where watchers are not to miss others' commits.
    """

    def __init__(self) -> None:
        self.next = _Next()
        """Done at the next commit. Take it before you look, then nothing is missed."""
        self.next_todo = _Next()
        """The same of commits that leave something to send or to fetch."""
        self._known = _Known()
        self._own: set[_Inbox] = set()
        self._others: set[_Inbox] = set()
        self._missed = False
        self.doubt = asyncio.Event()
        """Set when a commit may have been missed."""

    @property
    def doubtful(self) -> bool:
        """Whether the log has to be looked at to know of every commit."""
        return self._missed or self._known.gap

    def fire(self, commit: Commit) -> None:
        """This process has committed."""
        self._known.add(commit)
        self._tell(commit, self._own)

    def hear(self, commit: Commit | None) -> bool:
        """Another process says that it has committed (None: there may have been commits); whether that was news."""
        if commit is None:
            self._missed = True
            self.doubt.set()
            return True
        if not self._known.add(commit):
            return False
        self._tell(commit, self._others)
        return True

    def look(self) -> int | None:
        """Somebody looks at the log now: up to which event_seq every commit is known, None at the first look."""
        self._missed = False
        return self._known.upto

    def looked(self, last: int, missed: Commit | None) -> None:
        """The log reaches ``last``; ``missed`` stands for the commits up to there of which nobody told."""
        if missed is not None and missed.threads is None:
            self._known = _Known()  # nothing that was known before holds
        self._known.found(last)
        if missed is not None:
            self._tell(missed, self._others)

    async def own(self) -> AsyncGenerator[list[Commit], None]:
        """The commits of this process since the last step."""
        async for commits in _each(self._own):
            yield commits

    async def others(self) -> AsyncGenerator[list[Commit], None]:
        """Those of other processes."""
        async for commits in _each(self._others):
            yield commits

    def _tell(self, commit: Commit, inboxes: set[_Inbox]) -> None:
        for inbox in inboxes:
            inbox.put(commit)
        if self._known.gap:
            self.doubt.set()
        self.next.done()
        if commit.todo:
            self.next_todo.done()


async def _each(inboxes: set[_Inbox]) -> AsyncGenerator[list[Commit], None]:
    inbox = _Inbox()
    inboxes.add(inbox)
    try:
        while True:
            yield await inbox.take()
    finally:
        inboxes.discard(inbox)
