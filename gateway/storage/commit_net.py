"""One slow look a process at the event log: it finds the commits of which no wake-up told."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import sqlalchemy as sa

from gateway.domain.commit import Commit, thread_tag
from gateway.errors import StoreUnavailable
from gateway.storage import tables as t
from gateway.storage.engine import Sql
from gateway.storage.load import EVENT_SEQ
from gateway.storage.signal import CommitSignal

POLL_S = 2.0
"""Between two looks without any sign of a missed commit. ``WatchedSql`` wants to hear of the store more often than
every ``GAP_S``."""
SETTLE_S = 0.1
"""So long a missing commit may still be told of: two processes' wake-ups overtake each other."""
LAST = sa.select(t.counters.c.value).where(t.counters.c.name == EVENT_SEQ)


class CommitNet:
    """Keeps a ``CommitSignal`` from missing what other processes commit, whatever becomes of their wake-ups."""

    def __init__(self, *, sql: Sql, committed: CommitSignal, poll_s: float = POLL_S) -> None:
        """Looks every ``poll_s`` seconds, and when ``committed`` is in doubt."""
        self._sql = sql
        self._committed = committed
        self._poll_s = poll_s

    async def run(self) -> None:
        """Look until cancelled. A store that is away is asked again; it tells its log itself."""
        while True:
            with suppress(StoreUnavailable):
                await self.look()
            await self._until_the_next()

    async def look(self) -> None:
        """One look: a single statement when nothing was missed."""
        known = self._committed.look()
        last = int(await self._sql.read(lambda c: c.execute(LAST).scalar_one()))
        if known is None or last < known:  # the first look; or an older state of the database was restored
            self._committed.looked(last, Commit(1, last, None, todo=True))
        elif last > known:
            threads = await self._sql.read(lambda c: _written_to(c, known, last))
            self._committed.looked(last, Commit(known + 1, last, threads, todo=True))
        else:
            self._committed.looked(last, None)

    async def _until_the_next(self) -> None:
        doubt = self._committed.doubt
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_s):
                while True:
                    await doubt.wait()
                    await asyncio.sleep(SETTLE_S)
                    doubt.clear()
                    if self._committed.doubtful:
                        return


def _written_to(connection: sa.Connection, after: int, last: int) -> frozenset[str]:
    """The conversations that events behind ``after`` are of."""
    messages, events = t.messages, t.events
    first = messages.c.seq == 1
    query = (
        sa.select(messages.c.channel_id, messages.c.sender)
        .join_from(events, messages, sa.and_(messages.c.interaction_id == events.c.interaction_id, first))
        .where(events.c.event_seq > after, events.c.event_seq <= last, messages.c.sender.is_not(None))
        .distinct()
    )
    return frozenset(thread_tag(row.channel_id, row.sender) for row in connection.execute(query))
