"""What a delivery store promises to the workers, kept by the twin in memory and by SQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import FeedRefused, NotFound
from gateway.ports.feed import Delivery, Replay
from tests.contract.feeds.houses import FeedHouse, MemoryHouse, sqlite_house

pytestmark = pytest.mark.contract


@pytest.fixture(params=["memory", "sqlite"])
async def house(request: Any, tmp_path: Path) -> AsyncIterator[FeedHouse]:
    if request.param == "memory":
        yield MemoryHouse()
        return
    async with sqlite_house(tmp_path) as on_sql:
        yield on_sql


async def lease(house: FeedHouse, *, owner: str = "one", limit: int = 10, feed: str = "cases") -> list[Delivery]:
    return await house.store.lease(feed, owner, limit=limit, lease_s=10)


async def test_nothing_has_happened(house: FeedHouse) -> None:
    assert await lease(house) == []
    assert await house.store.dead_letters() == []


async def test_the_earliest_event_of_each_ticket(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    await house.happen("B", "ticket.registered")
    leased = await lease(house)
    assert [(d.event_seq, d.ticket_id, d.type) for d in leased] == [
        (1, house.ticket_id("A"), "ticket.registered"),
        (3, house.ticket_id("B"), "ticket.registered"),
    ]
    first = leased[0]
    assert first.feed == "cases"
    assert first.attempts == 0
    assert first.event_id == first.event["event_id"]
    assert first.event["event_seq"] == 1
    assert first.record["ticket_id"] == first.ticket_id
    assert first.at == "2026-11-23T08:00:00.000Z"


async def test_a_leased_ticket_belongs_to_its_owner_until_the_lease_ends(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    assert len(await lease(house)) == 1
    assert await lease(house, owner="two") == []
    assert await lease(house) == []
    await house.pass_by(11)
    assert [d.event_seq for d in await lease(house, owner="two")] == [1]


async def test_workers_that_look_at_once_share(house: FeedHouse) -> None:
    for ticket in range(40):
        await house.happen(f"T{ticket}", "ticket.registered", "message.received")
    leased = await asyncio.gather(*(lease(house, owner=f"w{n}", limit=20) for n in range(6)))
    got = [d.event_seq for batch in leased for d in batch]
    while more := await lease(house, limit=20):
        got += [d.event_seq for d in more]
    assert sorted(got) == list(range(1, 81, 2))


async def test_the_limit_holds(house: FeedHouse) -> None:
    for ticket in "ABCDE":
        await house.happen(ticket, "ticket.registered")
    assert [d.event_seq for d in await lease(house, limit=2)] == [1, 2]
    assert [d.event_seq for d in await lease(house, limit=2)] == [3, 4]
    assert [d.event_seq for d in await lease(house, limit=2)] == [5]


async def test_after_a_delivery_comes_the_tickets_next(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received", "ticket.corrected")
    for seq in (1, 2, 3):
        assert [d.event_seq for d in await lease(house)] == [seq]
        await house.store.delivered("cases", [seq])
    assert await lease(house) == []
    assert (await house.store.counts())["cases"] == {"pending": 0, "dead": 0}


async def test_a_failure_waits_and_holds_its_ticket_up(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    await house.happen("B", "ticket.registered")
    await lease(house)
    await house.store.delivered("cases", [3])
    await house.store.failed("cases", 1, "HTTP 503", retry_in_s=60)
    assert await lease(house) == []
    house.clock.forward(59)
    assert await lease(house) == []
    house.clock.forward(1.1)
    [again] = await lease(house)
    assert (again.event_seq, again.attempts) == (1, 1)


async def test_a_dead_letter_lets_its_ticket_go_on_and_can_be_replayed(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    [first] = await lease(house)
    await house.store.failed("cases", 1, "HTTP 422: no", retry_in_s=None)
    [letter] = await house.store.dead_letters("cases")
    assert letter["feed"] == "cases"
    assert letter["event_seq"] == 1
    assert letter["event_id"] == first.event_id
    assert letter["type"] == "ticket.registered"
    assert letter["ticket_id"] == house.ticket_id("A")
    assert letter["attempts"] == 1
    assert letter["last_error"] == "HTTP 422: no"
    assert letter["dead_at"] == "2026-11-23T08:00:00.000Z"
    assert await house.store.dead_letters("other") == []
    assert (await house.store.counts())["cases"] == {"pending": 1, "dead": 1}
    [second] = await lease(house)
    assert second.event_seq == 2
    await house.store.delivered("cases", [2])
    await house.store.replay("cases", 1)
    assert await house.store.dead_letters() == []
    [again] = await lease(house)
    assert (again.event_seq, again.attempts) == (1, 0)


async def test_only_dead_letters_are_replayed(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered")
    await lease(house)
    for feed, seq in (("cases", 1), ("cases", 99), ("other", 1)):
        with pytest.raises(NotFound):
            await house.store.replay(feed, seq)


async def test_feeds_do_not_know_each_other(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered")
    assert len(await lease(house, feed="cases")) == 1
    await house.store.delivered("cases", [1])
    assert len(await lease(house, feed="archive")) == 1
    counts = await house.store.counts()
    assert counts["cases"] == {"pending": 0, "dead": 0}
    assert counts["archive"] == {"pending": 1, "dead": 0}


async def test_what_a_feed_did_itself_is_not_delivered(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "feed_dead", "ticket.corrected")
    [first] = await lease(house)
    await house.store.delivered("cases", [first.event_seq])
    assert [d.type for d in await lease(house)] == ["ticket.corrected"]


async def test_thousands_of_events_are_taken_in(house: FeedHouse) -> None:
    types = ["ticket.registered"] + ["message.received"] * 99
    for ticket in range(50):
        await house.happen(f"T{ticket}", *types)
    got: list[int] = []
    while leased := await lease(house, limit=64):
        got += [d.event_seq for d in leased]
        await house.store.delivered("cases", [d.event_seq for d in leased])
    assert sorted(got) == list(range(1, 5001))


REFUSAL = FeedRefused("HTTP 401: who are you?", cause="key", http_status=401)
GONE = FeedRefused("HTTP 410", cause="address", http_status=410)


async def test_a_held_feed_gives_one_probe_at_a_time_each_time_another(house: FeedHouse) -> None:
    for ticket in "ABC":
        await house.happen(ticket, "ticket.registered")
    [first] = await lease(house, limit=1)
    await house.pass_by(1)
    assert await house.store.hold("cases", REFUSAL, probe_in_s=5)
    assert not await house.store.hold("cases", REFUSAL, probe_in_s=500), "it is held already"
    await house.store.failed("cases", first.event_seq, "HTTP 401", retry_in_s=0, counted=False)
    assert await lease(house) == []
    [held] = await house.store.held()
    assert (held.feed, held.cause, held.http_status, held.probes) == ("cases", "key", 401, 0)
    assert (held.since, held.probe_at) == ("2026-11-23T08:00:01.000Z", "2026-11-23T08:00:06.000Z")
    tried = []
    for n in (1, 2, 3):
        await house.pass_by(5)
        [probe] = await lease(house)
        assert (probe.probe, probe.attempts) == (n, 0)
        assert await lease(house, owner="two") == [], "another worker does not probe meanwhile"
        tried.append(probe.event_seq)
        await house.store.probed("cases", GONE, probe_in_s=5)
        await house.store.failed("cases", probe.event_seq, "HTTP 401", retry_in_s=0, counted=False)
    assert tried == [2, 3, 1]
    [held] = await house.store.held()
    assert held.probes == 3
    assert (held.cause, held.http_status, held.why) == ("address", 410, "HTTP 410"), "as it is now"
    assert await house.store.release("cases")
    assert not await house.store.release("cases")
    assert await house.store.held() == []
    assert not await house.store.probed("cases", GONE, probe_in_s=5), "one that was under way meanwhile"
    assert len(await lease(house)) == 3


async def test_holding_one_feed_holds_no_other(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered")
    await lease(house)
    await house.store.hold("cases", REFUSAL, probe_in_s=60)
    assert len(await lease(house, feed="archive")) == 1


async def test_a_probe_that_told_nothing_is_repeated_at_once(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    await lease(house)
    await house.store.hold("cases", REFUSAL, probe_in_s=0)
    await house.store.delivered("cases", [1])
    [probe] = await lease(house)
    await house.store.delivered("cases", [probe.event_seq])
    await house.store.probed("cases", None, probe_in_s=0)
    await house.happen("A", "ticket.corrected")
    [again] = await lease(house)
    assert again.probe == 1


async def deliver_all(house: FeedHouse) -> list[int]:
    got = []
    while leased := await lease(house):
        got += [d.event_seq for d in leased]
        await house.store.delivered("cases", [d.event_seq for d in leased])
    return got


async def test_what_was_delivered_is_sent_again_in_its_order(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    await house.happen("B", "ticket.registered", "feed_dead", "ticket.corrected")
    assert sorted(await deliver_all(house)) == [1, 2, 3, 5]
    assert await house.store.replay_many("cases", Replay()) == 4
    assert await house.store.replay_many("cases", Replay()) == 0, "they wait already"
    got = await deliver_all(house)
    assert sorted(got) == [1, 2, 3, 5]
    assert got.index(1) < got.index(2)
    assert got.index(3) < got.index(5)
    assert await house.store.replay_many("cases", Replay(first=2, last=3)) == 2
    assert sorted(await deliver_all(house)) == [2, 3]
    with pytest.raises(NotFound):
        await house.store.replay_many("nobody", Replay())


async def test_what_is_replayed_goes_ahead_of_what_waits_and_behind_what_is_under_way(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received", "message.received", "ticket.corrected")
    for seq in (1, 2):
        await lease(house)
        await house.store.delivered("cases", [seq])
    [under_way] = await lease(house)
    assert under_way.event_seq == 3
    assert await house.store.replay_many("cases", Replay()) == 2
    assert await lease(house, owner="two") == [], "one of a ticket at a time"
    await house.store.delivered("cases", [3])
    assert await deliver_all(house) == [1, 2, 4]


async def test_an_attempt_that_fails_gives_way_to_an_earlier_event_that_is_replayed(house: FeedHouse) -> None:
    await house.happen("A", "ticket.registered", "message.received")
    await lease(house)
    await house.store.delivered("cases", [1])
    await lease(house)
    await house.store.replay_many("cases", Replay(last=1))
    await house.store.failed("cases", 2, "HTTP 503", retry_in_s=0)
    assert await deliver_all(house) == [1, 2]


async def test_only_the_dead_only_a_time(house: FeedHouse) -> None:
    for ticket in "ABC":
        await house.happen(ticket, "ticket.registered")
        await lease(house, limit=1)
        house.clock.forward(60)
    await house.store.failed("cases", 1, "HTTP 422", retry_in_s=None)
    await house.store.delivered("cases", [2])
    await house.store.failed("cases", 3, "HTTP 422", retry_in_s=None)
    since = datetime(2026, 11, 23, 8, 1, tzinfo=UTC)
    assert await house.store.replay_many("cases", Replay(dead_only=True, begin=since)) == 1
    assert await deliver_all(house) == [3]
    assert await house.store.replay_many("cases", Replay(end=since)) == 1
    assert await deliver_all(house) == [1]
    assert await house.store.replay_many("cases", Replay(begin=since)) == 2
    assert await house.store.dead_letters() == []


async def test_thousands_are_replayed(house: FeedHouse) -> None:
    for ticket in range(30):
        await house.happen(f"T{ticket}", "ticket.registered", *["message.received"] * 49)
    assert len(await deliver_all(house)) == 1500
    assert await house.store.replay_many("cases", Replay()) == 1500
    got: dict[str, list[int]] = {}
    while leased := await lease(house, limit=64):
        for delivery in leased:
            got.setdefault(delivery.ticket_id, []).append(delivery.event_seq)
        await house.store.delivered("cases", [d.event_seq for d in leased])
    assert all(seqs == sorted(seqs) and len(seqs) == 50 for seqs in got.values())
    assert len(got) == 30
