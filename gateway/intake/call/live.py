"""The interactions this process owns, and the lease that tells others so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from gateway.errors import StoreUnavailable
from gateway.ports.clock import Clock
from gateway.ports.store import LeaseStore
from gateway.telemetry import log

_log = log.get("live")


class LiveInteractions:
    """What is being handled here, renewed together in one write."""

    def __init__(self, *, leases: LeaseStore, clock: Clock, node: str, owner: str, lease_s: float) -> None:
        """Own interactions as ``owner``, a process of ``node``, for ``lease_s`` seconds at a time."""
        self._leases = leases
        self._clock = clock
        self._ids: set[str] = set()
        self._closed: set[str] = set()
        self._besides: Callable[[], set[str]] = set
        self.node = node
        self.owner = owner
        self.lease = timedelta(seconds=lease_s)

    def __contains__(self, interaction_id: str) -> bool:
        return interaction_id in self._kept()

    def __len__(self) -> int:
        return len(self._ids)

    def keep_besides(self, waiting: Callable[[], set[str]]) -> None:
        """Keep what ``waiting`` names, too: it may be over here, but the store has not been told so yet."""
        self._besides = waiting

    def add(self, interaction_id: str) -> None:
        """This process handles it from now on."""
        self._ids.add(interaction_id)

    async def adopt(self, interaction_id: str) -> None:
        """This process handles from now on what an earlier one began: nobody closes it because that one is gone."""
        self.add(interaction_id)
        await self.renew()

    def discard(self, interaction_id: str) -> None:
        """It is finished, or given up."""
        self._ids.discard(interaction_id)
        self._closed.discard(interaction_id)

    async def run(self) -> None:
        """Renew every third of the lease, until cancelled. A store that is down costs nothing but a retry."""
        while True:
            await asyncio.sleep(self.lease.total_seconds() / 3)
            await self.renew()

    async def renew(self) -> None:
        """Renew everything once. A store that is down is logged."""
        kept = self._kept()
        if not kept:
            return
        until = self._clock.now() + self.lease
        try:
            closed = self._ids.intersection(await self._leases.renew(sorted(kept), until, owner=self.owner))
        except StoreUnavailable as error:
            _log.warning("lease_renewal_failed", interactions=len(kept), exc_info=error)
            return
        # Nothing has to be done: it goes on, and its own close will take that one's place.
        for interaction_id in closed - self._closed:
            _log.error("live_interaction_closed_by_recovery", interaction_id=interaction_id)
        self._closed = closed

    def _kept(self) -> set[str]:
        return self._ids | self._besides()
