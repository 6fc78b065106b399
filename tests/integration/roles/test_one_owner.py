"""A channel that only one process may run, in two processes on one database: handed over, and never run twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from gateway.bootstrap.channels import BuiltChannel
from gateway.errors import StoreUnavailable
from gateway.following.lease import Lease
from gateway.intake.channel.here import ChannelsHere
from gateway.ports.channel import Abilities
from gateway.ports.store import ChannelLeases
from gateway.roles.running_channel import RunningChannel
from gateway.storage.database import open_database
from tests.support.clocks import SHANGHAI
from tests.support.stores import sql_store as store
from tests.support.stores import url
from tests.support.waiting import until

__all__ = ["store", "url"]
pytestmark = pytest.mark.integration
LEASE_S = 5.0
"""So long that a machine that stands still for a moment loses no lease."""


class Bind:
    """The operator's side of a bind: how many stand, and how many ever stood at once."""

    def __init__(self) -> None:
        self.up: list[str] = []
        self.most = 0
        self.made = 0


class LinkChannel:
    """A channel that binds while it runs."""

    def __init__(self, name: str, bind: Bind) -> None:
        self.name, self.bind = name, bind
        self.closing = asyncio.Event()
        bind.made += 1

    async def run(self) -> None:
        self.bind.up.append(self.name)
        self.bind.most = max(self.bind.most, len(self.bind.up))
        try:
            await self.closing.wait()
        finally:
            self.bind.up.remove(self.name)

    async def ready(self) -> bool:
        return self.name in self.bind.up

    async def aclose(self, *, drain_s: float) -> None:
        assert drain_s >= 0
        self.closing.set()


class Flaky:
    """A way to the store that can be cut."""

    def __init__(self, leases: ChannelLeases) -> None:
        self.leases, self.cut = leases, False

    async def take(self, channel_id: str, owner: str, *, lease_s: float, is_gone: Callable[[str], bool]) -> bool:
        if self.cut:
            raise StoreUnavailable("cut off")
        return await self.leases.take(channel_id, owner, lease_s=lease_s, is_gone=is_gone)

    async def release(self, channel_id: str, owner: str) -> None:
        if self.cut:
            raise StoreUnavailable("cut off")
        await self.leases.release(channel_id, owner)


class Process:
    """One process's part in it."""

    def __init__(self, name: str, leases: ChannelLeases, bind: Bind) -> None:
        self.store = Flaky(leases)
        lease = Lease(leases=self.store, name="sms", owner=name, is_gone=lambda _: False, lease_s=LEASE_S)
        built = BuiltChannel(
            channel_id="sms", kind="sms", make=lambda: LinkChannel(name, bind), abilities=Abilities(), lease=lease
        )
        self.here = ChannelsHere()
        self.channel = RunningChannel(built, self.here)
        self.task = asyncio.create_task(self.channel.run())

    async def die(self) -> None:
        """As by SIGKILL: nothing is released."""
        self.task.cancel()
        await asyncio.wait([self.task])


async def bound(bind: Bind, *names: str) -> None:
    await until(lambda: bind.up == list(names), f"the bind of {names}")


@asynccontextmanager
async def two(url: str, folder: Path, bind: Bind) -> AsyncIterator[tuple[Process, Process]]:
    """The first one owns the channel, the second waits."""
    async with AsyncExitStack() as stack:
        databases = []
        for _ in range(2):
            databases.append(await open_database(url, data_dir=folder, zone=SHANGHAI))
            stack.push_async_callback(databases[-1].aclose)
        one = Process("one", databases[0].channel_leases, bind)
        stack.push_async_callback(one.die)
        await bound(bind, "one")
        other = Process("two", databases[1].channel_leases, bind)
        stack.push_async_callback(other.die)
        yield one, other


async def test_it_stays_with_its_owner_and_is_handed_over_at_an_orderly_stop(url: str, tmp_path: Path) -> None:
    bind = Bind()
    async with two(url, tmp_path, bind) as (one, other):
        await asyncio.sleep(LEASE_S * 2)
        assert bind.up == ["one"]
        assert await one.channel.ready()
        assert await other.channel.ready()  # it waits, and nothing is wrong with that
        assert (one.here.get("sms") is not None, other.here.get("sms")) == (True, None)
        await one.channel.close(0)
        await bound(bind, "two")
    assert (bind.most, bind.made) == (1, 2)


async def test_it_is_taken_over_from_a_process_that_died(url: str, tmp_path: Path) -> None:
    bind = Bind()
    async with two(url, tmp_path, bind) as (one, _):
        await one.die()
        assert bind.up == []
        await bound(bind, "two")
    assert bind.most == 1


async def test_who_is_cut_off_from_the_store_stops_before_another_one_begins(url: str, tmp_path: Path) -> None:
    bind = Bind()
    async with two(url, tmp_path, bind) as (one, other):
        one.store.cut = True
        await bound(bind, "two")
        assert one.here.get("sms") is None
        one.store.cut = False
        await other.channel.close(0)
        await bound(bind, "one")
    assert bind.most == 1
