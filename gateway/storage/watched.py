"""A database that is watched: since when it has answered, and which leases have run out, as far as this process knows.

A lease that ran out while the store was away says nothing of its owner, who could not renew it. So nobody takes over
what is somebody else's before the store has answered without a break for as long as a lease lasts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from gateway.domain.seen_leases import SeenLeases
from gateway.errors import StoreUnavailable
from gateway.ports.clock import Clock
from gateway.storage.engine import ReadTooLong, Sql, T, Work

K = TypeVar("K")
GAP_S = 5.0
"""After so long without an answer (nobody asked, or this process stood still) the time counts anew."""


class WatchedSql:
    """A ``Sql`` that remembers how long it has answered."""

    def __init__(self, sql: Sql, clock: Clock, is_gone: Callable[[str], bool] = lambda _: False) -> None:
        """Watch ``sql``; time is the clock's ``monotonic``.

        ``is_gone`` tells owners of leases that have ended, and never errs about one that lives.
        """
        self._sql = sql
        self._clock = clock
        self.is_gone = is_gone
        self._since: float | None = None
        self._last = 0.0

    @property
    def steady_s(self) -> float:
        """Seconds without a failure, up to now; 0 when nothing is known of the last ``GAP_S`` seconds."""
        now = self._clock.monotonic()
        if self._since is None or now - self._last > GAP_S:
            return 0.0
        return now - self._since

    def run_out(self, seen: SeenLeases[K], leases: Mapping[K, object], lease_s: float) -> list[K]:
        """Those of ``leases``, all that stand, not renewed for ``lease_s`` seconds though the store answered."""
        run_out = seen.run_out(leases, at=self._clock.monotonic(), lease_s=lease_s)
        return run_out if self.steady_s >= lease_s else []

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
