"""The stream feed on a real Valkey, and feeds whose Valkey dies."""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.commit import Commit
from gateway.edge.system_clock import SystemClock
from gateway.errors import FeedRefused, StoreUnavailable
from gateway.feeds import FEED_KINDS, FeedContext
from gateway.feeds.stream import PAGE
from gateway.feeds.webhook import WebhookFeed, WebhookSettings
from gateway.feeds.worker import FeedWorker
from gateway.interprocess.valkey_client import connect
from gateway.interprocess.wakeup import Wakeup
from gateway.storage.signal import CommitSignal
from scripts.case_system import CaseSystem
from tests.integration.feeds.test_webhook import SECRET, delivery
from tests.support.fakes.deliveries import MemoryDeliveries
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def context(house_url: str) -> FeedContext:
    return FeedContext(
        feed_id="bus", public_url="https://12345.example", open_redis=lambda url: connect(url or house_url)
    )


def worker(feed: Any, settings: Any, store: MemoryDeliveries, committed: CommitSignal) -> FeedWorker:
    return FeedWorker(
        feed_id="bus",
        make_feed=lambda: feed,
        settings=settings,
        deliveries=store,
        events=store,
        clock=SystemClock(),
        owner="test",
        next_commit=committed.next,
        jitter=random.Random(1),
    )


async def test_an_entry_tells_all(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        kind = FEED_KINDS["stream"]
        feed = kind.build(kind.settings(key="events"), context(valkey.server.url))
        await feed.deliver(replace(delivery(), trace="4bf92f3577b34da6a3ce929d0e0e4736"))
        await feed.aclose()
        client = connect(valkey.server.url)
        [(_, fields)] = await client.xrange("events")
        assert fields[b"id"] == b"E1"
        assert fields[b"type"] == b"ticket.registered"
        assert fields[b"subject"] == b"T1"
        assert fields[b"sequence"] == b"1"
        assert fields[b"traceparent"] == b"00-4bf92f3577b34da6a3ce929d0e0e4736-a3ce929d0e0e4736-01"
        assert json.loads(fields[b"ticket"])["demand"]["content"] == "路灯坏了"
        await client.aclose()


async def test_the_stream_stays_short(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        kind = FEED_KINDS["stream"]
        feed = kind.build(kind.settings(key="events", maxlen=100), context(valkey.server.url))
        for seq in range(1, 601):
            await feed.deliver(delivery(seq))
        await feed.aclose()
        client = connect(valkey.server.url)
        assert 100 <= await client.xlen("events") < 400
        await client.aclose()


async def test_a_key_of_another_kind_is_for_a_person_to_cure(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        await client.set("events", "no stream")
        kind = FEED_KINDS["stream"]
        feed = kind.build(kind.settings(key="events"), context(valkey.server.url))
        with pytest.raises(FeedRefused, match=r"WRONGTYPE|ResponseError"):
            await feed.deliver(delivery())
        await client.delete("events")
        await feed.deliver(delivery())
        await feed.aclose()
        await client.aclose()


async def test_a_stream_feed_goes_on_when_valkey_is_back(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        kind = FEED_KINDS["stream"]
        settings = kind.settings(key="events", first_retry_s=0.1, max_retry_s=0.5)
        store = MemoryDeliveries(SystemClock())
        running = asyncio.create_task(
            worker(kind.build(settings, context(valkey.server.url)), settings, store, CommitSignal()).run()
        )
        store.happen("T", "ticket.registered")
        client = connect(valkey.server.url)
        await until(lambda: client.exists("events"), "the first entry")
        valkey.kill()
        store.happen("T", "message.received", "ticket.corrected")
        await until(lambda: any(row.attempts for row in store.rows["bus"].values()), "an attempt that fails")
        await valkey.start()

        async def delivered() -> bool:
            return not (await store.counts())["bus"]["pending"]

        await until(delivered, "the entries that waited")
        entries = await client.xrange("events")
        assert [fields[b"sequence"] for _, fields in entries] == [b"1", b"2", b"3"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await client.aclose()


async def test_a_webhook_feed_goes_on_without_valkey(tmp_path: Path) -> None:
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "cases.jsonl")
    url = await receiver.start()
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        committed = CommitSignal()
        wakeup = Wakeup(client, hear=committed.hear)
        settings = WebhookSettings(url=url, secret=SECRET)
        store = MemoryDeliveries(SystemClock())
        feed = WebhookFeed(settings, context(valkey.server.url))
        running = [asyncio.create_task(wakeup.run())]
        running.append(asyncio.create_task(worker(feed, settings, store, committed).run()))
        for i in range(10):
            store.happen(f"T{i}", "ticket.registered")
            wakeup.notify([Commit(i, i)])
            committed.fire(Commit(i, i))
        await until(lambda: receiver.summary()["events"] >= 10, "the first events")
        valkey.kill()
        for i in range(10):
            store.happen(f"T{i}", "message.received")
        await until(lambda: receiver.summary()["events"] >= 20, "the events without Valkey")
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await client.aclose()
    assert receiver.summary() | {"tickets": 10} == {
        "raw_posts": 20,
        "events": 20,
        "tickets": 10,
        "out_of_order": 0,
        "bad_signatures": 0,
    }
    await receiver.stop()


async def test_a_ticket_is_taken_out_of_the_stream_and_of_its_file(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        kind = FEED_KINDS["stream"]
        settings = kind.settings(key="events")
        feed = kind.build(settings, context(valkey.server.url))
        many = 2 * PAGE + 1
        for number in range(many):
            ticket = "T1" if number % 3 == 0 else "T2"
            record = {"demand": {"content": f"what {ticket} said, {number}"}}
            await feed.deliver(replace(delivery(), ticket_id=ticket, record=record))
        await feed.aclose()
        assert kind.copies is not None
        copies = kind.copies(settings, context(valkey.server.url))
        assert await copies.forget(["T1", "T3"]) == (many + 2) // 3
        assert await copies.forget(["T1"]) == 0
        client = connect(valkey.server.url)
        entries = await client.xrange("events")
        await client.aclose()
        assert {fields[b"subject"] for _, fields in entries} == {b"T2"}
        assert len(entries) == many - (many + 2) // 3

        def on_disk(said: bytes) -> bool:
            return any(said in path.read_bytes() for path in valkey.server.dir.rglob("*") if path.is_file())

        await until(lambda: not on_disk(b"what T1 said"), "the file to be written anew")
        assert on_disk(b"what T2 said")
    with pytest.raises(StoreUnavailable, match="stream of feed bus"):
        await copies.forget(["T1"])
