"""The lease of what only one process of all may do: taken before it begins, renewed while it goes on, handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.errors import StoreUnavailable
from gateway.ports.store import ChannelLeases
from gateway.telemetry import log

LEASE_S = 30.0
"""How long after its owner's machine has died it stands still."""
_log = log.get("channel_lease")


class Lease:
    """A channel's lease, or that of another duty, as one process sees it. Built anew for each run of the process."""

    def __init__(
        self,
        *,
        leases: ChannelLeases,
        name: str,
        owner: str,
        is_gone: Callable[[str], bool],
        lease_s: float = LEASE_S,
    ) -> None:
        """Nothing is asked yet; ``name`` is a channel's id or what no channel can be called.

        ``is_gone`` tells which owners need not be waited for.
        """
        self._leases = leases
        self._name = name
        self._owner = owner
        self._is_gone = is_gone
        self._lease_s = lease_s
        self._until = 0.0
        self._released = False
        self._asking = asyncio.Lock()

    @property
    def owned(self) -> bool:
        """Whether this process may go on with it now."""
        return asyncio.get_running_loop().time() < self._until

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` whenever it is ours, until cancelled; then let it go. A fault of ``work`` ends only this."""
        try:
            while True:
                await self.hold(work)
        except asyncio.CancelledError:
            await self.release()
            raise

    async def hold(self, work: Callable[[], Awaitable[None]]) -> bool:
        """Do ``work`` once it is ours, as long as it is; False when it was lost over it. Raises what ``work`` does."""
        await self.won()
        working, losing = asyncio.ensure_future(work()), asyncio.create_task(self.lost())
        try:
            done, _ = await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            losing.cancel()
            await asyncio.wait({working, losing})
        for task in done:
            task.result()
        return working in done

    async def won(self) -> None:
        """Wait until it is this process's."""
        told = False
        while not await self._take():
            if not told:
                _log.info("channel_waits_for_its_owner", channel_id=self._name)
            told = True
            await asyncio.sleep(self._lease_s / 3)
        _log.info("channel_owned", channel_id=self._name)

    async def lost(self) -> None:
        """Go on owning it. Returns in time before another process may begin: what it is for must stop then."""
        loop, pause = asyncio.get_running_loop(), self._lease_s / 3
        while True:
            await asyncio.sleep(pause)
            taken = await self._take()
            # While the store does not answer nobody else can take it, but when it does again, they may before us.
            if taken is False or (taken is None and loop.time() + pause * 1.5 > self._until):
                break
        self._until = 0.0
        _log.error("channel_lost", channel_id=self._name, store_answered=taken is not None)

    async def release(self) -> None:
        """Let the next one begin at once."""
        self._released = True
        async with self._asking:
            self._until = 0.0
            try:
                async with asyncio.timeout(self._lease_s / 6):
                    await self._leases.release(self._name, self._owner)
            except (StoreUnavailable, TimeoutError) as error:
                _log.warning("channel_not_released", channel_id=self._name, exc_info=error)

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
                        self._name, self._owner, lease_s=self._lease_s, is_gone=self._is_gone
                    )
            except (StoreUnavailable, TimeoutError):
                return None
            if taken:
                self._until = began + self._lease_s
            return taken
