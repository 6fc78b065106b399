"""Owning a channel that only one process may run: taken before it starts, renewed while it runs, handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.errors import StoreUnavailable
from gateway.ports.store import ChannelLeases
from gateway.telemetry import log

LEASE_S = 30.0
"""How long after its owner's machine has died a channel stands still."""
_log = log.get("channel_lease")


class ChannelLease:
    """One channel's lease, as one process sees it. Built anew for each run of the process."""

    def __init__(
        self,
        *,
        leases: ChannelLeases,
        channel_id: str,
        owner: str,
        is_gone: Callable[[str], bool],
        lease_s: float = LEASE_S,
    ) -> None:
        """Nothing is asked yet. ``is_gone`` tells which owners need not be waited for."""
        self._leases = leases
        self._channel_id = channel_id
        self._owner = owner
        self._is_gone = is_gone
        self._lease_s = lease_s
        self._until = 0.0
        self._released = False
        self._asking = asyncio.Lock()

    @property
    def owned(self) -> bool:
        """Whether this process may run the channel now."""
        return asyncio.get_running_loop().time() < self._until

    async def won(self) -> None:
        """Wait until the channel is this process's."""
        told = False
        while not await self._take():
            if not told:
                _log.info("channel_waits_for_its_owner", channel_id=self._channel_id)
            told = True
            await asyncio.sleep(self._lease_s / 3)
        _log.info("channel_owned", channel_id=self._channel_id)

    async def lost(self) -> None:
        """Go on owning it. Returns in time before another process may begin: the channel must stop then."""
        loop, pause = asyncio.get_running_loop(), self._lease_s / 3
        while True:
            await asyncio.sleep(pause)
            taken = await self._take()
            # While the store does not answer nobody else can take it, but when it does again, they may before us.
            if taken is False or (taken is None and loop.time() + pause * 1.5 > self._until):
                break
        self._until = 0.0
        _log.error("channel_lost", channel_id=self._channel_id, store_answered=taken is not None)

    async def release(self) -> None:
        """Let the next one begin at once."""
        self._released = True
        async with self._asking:
            self._until = 0.0
            try:
                async with asyncio.timeout(self._lease_s / 6):
                    await self._leases.release(self._channel_id, self._owner)
            except (StoreUnavailable, TimeoutError) as error:
                _log.warning("channel_not_released", channel_id=self._channel_id, exc_info=error)

    async def _take(self) -> bool | None:
        """Whether it is ours; None when the store does not say."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            if self._released:
                return False
            began = loop.time()
            try:
                async with asyncio.timeout(self._lease_s / 6):
                    taken = await self._leases.take(
                        self._channel_id, self._owner, lease_s=self._lease_s, is_gone=self._is_gone
                    )
            except (StoreUnavailable, TimeoutError):
                return None
            if taken:
                self._until = began + self._lease_s
            return taken
