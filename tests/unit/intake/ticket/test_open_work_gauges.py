"""What is open becomes gauges of the process with the lease, and what is not known has no value."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from gateway.errors import StoreUnavailable
from gateway.following.lease import Lease
from gateway.intake.ticket.open_work_gauges import LEASE, OpenWorkGauges
from gateway.ports.open_work import Backlog, FeedBacklog, OpenWork
from tests.support.clocks import SetClock
from tests.support.waiting import until

pytestmark = pytest.mark.unit


class Store:
    """Implements ``OpenWorkStore``."""

    def __init__(self, clock: SetClock) -> None:
        self.clock = clock
        self.away = False
        self.breaks = False

    async def count(self, feeds: Sequence[str]) -> OpenWork:
        if self.breaks:
            raise ValueError("a fault of the count itself")
        if self.away:
            raise StoreUnavailable("away")
        since = self.clock.now() - timedelta(seconds=90)
        return OpenWork(
            transcripts=Backlog(waiting=2, oldest=since),
            outbox={"removed": Backlog(waiting=1, oldest=since)},
            callbacks_open=3,
            callbacks_overdue=1,
            feeds={feed: FeedBacklog(waiting=4, oldest=since, dead=5) for feed in feeds},
            clocks=Backlog(waiting=6, oldest=since),
        )

    async def clock_offset_s(self) -> float | None:
        return None


class Leases:
    """Implements ``ChannelLeases`` for any number of processes."""

    def __init__(self) -> None:
        self.owner: str | None = None

    async def take(self, channel_id: str, owner: str, **_: object) -> bool:
        assert channel_id == LEASE
        self.owner = self.owner or owner
        return self.owner == owner

    async def release(self, channel_id: str, owner: str) -> None:
        assert channel_id == LEASE
        if self.owner == owner:
            self.owner = None


def gauges(store: Store, leases: Leases, owner: str, lease_s: float = 30.0) -> OpenWorkGauges:
    lease = Lease(leases=leases, name=LEASE, owner=owner, is_gone=lambda _: False, lease_s=lease_s)
    return OpenWorkGauges(
        store=store, lease=lease, clock=store.clock, feeds=lambda: ["cases"], channels=lambda: ["sms"]
    )


def shown() -> dict[tuple[str, ...], float]:
    names = (
        "transcripts",
        "outbox",
        "callbacks",
        "feed_pending",
        "feed_dead",
        "feed_oldest",
        "clocks_pending",
        "clocks_oldest",
    )
    starts = tuple(f"gateway_{name}" for name in names)
    return {
        (sample.name.removeprefix("gateway_"), *sample.labels.values()): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
        if sample.name.startswith(starts)
    }


async def test_while_the_lease_is_ours_it_is_counted_and_afterwards_by_the_next() -> None:
    store, leases = Store(SetClock()), Leases()
    first = asyncio.create_task(gauges(store, leases, "one").run())
    await until(shown)
    assert shown() == {
        ("transcripts_pending",): 2,
        ("transcripts_oldest_seconds",): 90,
        ("outbox_pending", "sms"): 0,
        ("outbox_pending", "removed"): 1,
        ("outbox_oldest_seconds", "sms"): 0,
        ("outbox_oldest_seconds", "removed"): 90,
        ("callbacks_open",): 3,
        ("callbacks_overdue",): 1,
        ("clocks_pending",): 6,
        ("clocks_oldest_seconds",): 90,
        ("feed_pending", "cases"): 4,
        ("feed_dead", "cases"): 5,
        ("feed_oldest_seconds", "cases"): 90,
    }
    first.cancel()
    await asyncio.wait({first})
    assert (shown(), leases.owner) == ({}, None)
    second = asyncio.create_task(gauges(store, leases, "two").run())
    await until(shown)
    second.cancel()
    await asyncio.wait({second})


async def test_after_a_fault_it_is_counted_again() -> None:
    store, leases = Store(SetClock()), Leases()
    counting = gauges(store, leases, "one")
    store.breaks = True
    with pytest.raises(ValueError, match="itself"):
        await counting.run()
    store.breaks = False
    again = asyncio.create_task(counting.run())
    await until(shown)
    again.cancel()
    await asyncio.wait({again})


async def test_while_the_store_is_away_nothing_is_known() -> None:
    store = Store(SetClock())
    counting = gauges(store, Leases(), "one")
    await counting.count()
    assert shown()
    store.away = True
    await counting.count()
    assert shown() == {}
