"""A database that is watched: since when it has answered, as far as this process has seen.

A lease that ran out while the store was away says nothing of its owner, who could not renew it. So nobody takes over
what is somebody else's before the store has answered without a break for as long as a lease lasts.
"""

from __future__ import annotations

from collections.abc import Awaitable

from gateway.errors import StoreUnavailable
from gateway.ports.clock import Clock
from gateway.storage.engine import ReadTooLong, Sql, T, Work

GAP_S = 5.0
"""After so long without an answer (nobody asked, or this process stood still) the time counts anew."""


class WatchedSql:
    """A ``Sql`` that remembers how long it has answered."""

    def __init__(self, sql: Sql, clock: Clock) -> None:
        """Watch ``sql``; time is the clock's ``monotonic``."""
        self._sql = sql
        self._clock = clock
        self._since: float | None = None
        self._last = 0.0

    @property
    def steady_s(self) -> float:
        """Seconds without a failure, up to now; 0 when nothing is known of the last ``GAP_S`` seconds."""
        now = self._clock.monotonic()
        if self._since is None or now - self._last > GAP_S:
            return 0.0
        return now - self._since

    async def read(self, work: Work[T]) -> T:
        """See ``Sql.read``."""
        return await self._seen(self._sql.read(work))

    async def write(self, work: Work[T]) -> T:
        """See ``Sql.write``."""
        return await self._seen(self._sql.write(work))

    async def aclose(self) -> None:
        """See ``Sql.aclose``."""
        await self._sql.aclose()

    async def _seen(self, answer: Awaitable[T]) -> T:
        try:
            result = await answer
        except ReadTooLong:
            raise
        except StoreUnavailable:
            self._since = None
            raise
        now = self._clock.monotonic()
        if self._since is None or now - self._last > GAP_S:
            self._since = now
        self._last = now
        return result
