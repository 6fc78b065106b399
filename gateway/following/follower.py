"""The follower of what is committed: in order of event_seq, from a cursor on, then each commit as it comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from gateway.errors import StoreUnavailable
from gateway.following.poll import PollLoop, Wake, until_stored
from gateway.ports.conversation_store import ChannelStates
from gateway.telemetry import log, metrics

T = TypeVar("T")
KEY = "event_seq"
"""Where a follower's cursor is kept, under its name among the values of channels."""
SAVE_EVERY = 200
"""At most so many that nobody wanted are read again after a restart."""
TRIES = 5
"""What this many runs of one process in a row broke over is left out: it must not keep back all that comes after it."""
_log = log.get("follower")


def event_seq(event: Any) -> int:
    """The ``seq`` of an event."""
    return int(event["event_seq"])


class Follower(Generic[T]):
    """Hands on what it wants, one after the other; a store that is away is waited for.

    What ``handle`` raises otherwise ends the run; the next one goes on at the cursor, and leaves nothing out but what
    ``TRIES`` runs broke over.
    """

    def __init__(
        self,
        name: str,
        *,
        read: Callable[[int], Awaitable[Sequence[T]]],
        begin: Callable[[], Awaitable[int]],
        cursors: ChannelStates | None,
        on: Wake,
        seq: Callable[[T], int] = event_seq,
        handle: Callable[[T], Awaitable[None]],
        wants: Callable[[T], bool] = lambda _: True,
        at_most_once: bool = False,
        gather: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``read(after)`` gives the next page behind an event_seq, ``seq`` the event_seq of one of it.

        ``begin`` gives the event_seq behind which the first run ever begins: of all processes that keep the cursor
        ``name`` in ``cursors``; None: of this one, which knows it while it lives.

        Each is handled at least once: again, when the process dies over it. ``at_most_once``: not again.
        """
        self._name = name
        self._read = read
        self._seq = seq
        self._begin = begin
        self._cursors = cursors
        self._handle = handle
        self._wants = wants
        self._at_most_once = at_most_once
        self._away = partial(_log.warning, "follower_waits_for_store", follower=name)
        self._loop = PollLoop(self._page, poll_s=None, on=on, gather=gather, away=self._away)
        self._unsaved = 0
        self._broke_over: tuple[int, int] = (0, 0)
        """An event_seq, and how many runs in a row."""
        metrics.LEFT_OUT.labels(name)  # an alarm goes by how it grows
        self.at: int | None = None
        """Everything up to this event_seq is handled; None: it has not begun."""

    async def run(self) -> None:
        """Until cancelled."""
        self.at = await until_stored(self._start, self._away)
        await self._loop.run()

    async def _start(self) -> int:
        if self._cursors is None:
            return await self._begin() if self.at is None else self.at
        saved = await self._cursors.get(self._name, KEY)
        if saved is None:
            saved = await self._cursors.put_new(self._name, KEY, str(await self._begin()))
        return int(saved)

    async def _page(self) -> bool:
        page = await self._read(self.at or 0)
        for one in page:
            await self._pass(one)
        return bool(page)

    async def _pass(self, one: T) -> None:
        seq, wanted = self._seq(one), self._wants(one)
        if wanted and self._at_most_once:
            await self._save(seq)
        if wanted:
            await self._handled(one, seq)
        self._unsaved += 1
        if (wanted and not self._at_most_once) or self._unsaved >= SAVE_EVERY:
            await self._save(seq)
        self.at = seq

    async def _handled(self, one: T, seq: int) -> None:
        try:
            await self._handle(one)
        except StoreUnavailable:
            raise
        except Exception as error:
            before, runs = self._broke_over
            runs = runs + 1 if before == seq else 1
            self._broke_over = (seq, runs)
            if runs < TRIES:
                raise
            metrics.LEFT_OUT.labels(self._name).inc()
            _log.error("follower_left_out", follower=self._name, event_seq=seq, exc_info=error)

    async def _save(self, seq: int) -> None:
        if self._cursors is not None:
            await self._cursors.put(self._name, KEY, str(seq))
        self._unsaved = 0
