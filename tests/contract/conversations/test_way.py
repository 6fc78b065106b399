"""One id through hook, intake, outbox and feed, and ``gateway trace`` shows the way by any name of it."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import trace as verb
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.feeds.common import FeedSettings
from gateway.feeds.worker import FeedWorker
from gateway.ports.feed import Delivery
from gateway.ports.message import Receipt
from gateway.telemetry import trace
from tests.contract.conversations.house import ConversationHouse
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract
NUMBER = "13800138000"


def came_in(seconds_before: float = 0.25) -> str:
    """An id as a hook gets it, made a moment before the house's clock."""
    return f"{int((NOON.timestamp() - seconds_before) * 1000):012x}{'7' * 20}"


class Receiver:
    """A feed that notes under which id each event leaves, and fails the first posts with what it was given."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.got: list[tuple[int, str | None]] = []
        self.seen: list[str | None] = []

    async def deliver(self, delivery: Delivery) -> None:
        self.seen.append(trace.current())
        if self.failures:
            raise self.failures.pop(0)
        self.got.append((delivery.event_seq, delivery.trace))

    async def aclose(self) -> None:
        return


def worker(house: ConversationHouse, receiver: Receiver) -> FeedWorker:
    return FeedWorker(
        feed_id="cases",
        make_feed=lambda: receiver,
        settings=FeedSettings(),
        deliveries=house.database.deliveries,
        events=house.database.reader,
        clock=house.clock,
        owner="w",
        next_commit=house.database.committed.next,
        jitter=random.Random(1),
    )


async def feed_all(house: ConversationHouse, receiver: Receiver) -> None:
    one = worker(house, receiver)
    for _ in range(20):
        for delivery in await house.database.deliveries.lease("cases", "w", limit=100, lease_s=10):
            await one._carry(delivery)
        await one._book()
        house.clock.forward(2)


async def shown(house: ConversationHouse, folder: Path, key: str, capsys: Any, *, as_json: bool = False) -> str:
    args = argparse.Namespace(call=key, json=as_json, raw=False, unmasked=False)
    capsys.readouterr()
    assert await verb.run(args, folder, house.database.reader, house.database.ways) == 0, key
    return str(capsys.readouterr().out)


async def test_one_grep_finds_the_whole_way(house: ConversationHouse, capsys: pytest.CaptureFixture[str]) -> None:
    with trace.scope(came_in()) as own:
        await house.say("wx-1", "路灯不亮")
    assert trace.current() is None
    house.chat.failures = [TransientDeliveryError("busy", errcode=45009)]
    await house.deliver()
    house.clock.forward(400)
    await house.deliver()
    receiver = Receiver(TransientDeliveryError("HTTP 503", http_status=503))
    await feed_all(house, receiver)
    assert receiver.got
    assert {of for _, of in receiver.got} == {own} == set(receiver.seen)
    lines = [line for line in capsys.readouterr().err.splitlines() if f"trace={own}" in line]
    for event in ("contact_committed", "message_not_sent_yet", "message_sent", "delivery_failed", "event_delivered"):
        assert any(event in line for line in lines), event
    assert any("errcode=45009" in line for line in lines)
    assert any("http_status=503" in line for line in lines)
    assert not any("trace=" in line and own not in line for line in lines)


async def test_two_messages_have_an_id_each_and_what_begins_in_the_house_one_of_its_own(
    house: ConversationHouse,
) -> None:
    with trace.scope(came_in()) as first:
        record = await house.say("1", "路灯不亮")
    second = await house.say("2", "龙华区")
    assert second["ticket_id"] == record["ticket_id"]
    found = await house.database.ways.way(record["ticket_id"], record["interactions"][0]["interaction_id"], limit=100)
    events = await house.database.reader.events(ticket_id=record["ticket_id"])
    assert set(found.traces) == {event["event_seq"] for event in events}
    ids = list(dict.fromkeys(found.traces.values()))
    assert ids[0] == first
    assert len(ids) == 2
    assert all(trace.is_id(one) for one in ids)
    assert [row["trace"] for row in found.outbox] == ids


async def test_every_name_of_a_message_shows_its_way(
    house: ConversationHouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with trace.scope(came_in()) as own:
        record = await house.say("wx-1", "路灯不亮")
    house.chat.failures = [TransientDeliveryError(f"{NUMBER} busy")]
    house.chat.ids = ["provider-7"]
    await house.deliver()
    waiting = await shown(house, tmp_path, own, capsys)
    assert "queued, next attempt after 1 failed attempts:" in waiting
    house.clock.forward(400)
    await house.deliver()
    receipt = Receipt(channel_id="web", external_id="provider-7", state="delivered", at=house.clock.now())
    await house.conversations.receipt(receipt)
    await feed_all(house, Receiver(PermanentDeliveryError(f"HTTP 422: {NUMBER}"), TransientDeliveryError("HTTP 503")))
    interaction_id = record["interactions"][0]["interaction_id"]
    message_id = (await house.database.ways.way(record["ticket_id"], interaction_id, limit=9)).outbox[0]["message_id"]
    names = (own, interaction_id, record["ticket_no"], record["ticket_id"], "wx-1", "provider-7", message_id)
    texts = {await shown(house, tmp_path, name, capsys) for name in names}
    assert len(texts) == 1
    (text,) = texts
    rows = ["came in, trace", "---- text", "<--- text", "sent as provider-7", "message.delivered"]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert f"Trace       {own}" in text
    assert "after 1 failed attempts" in text
    assert "cases: dead letter since" in text
    assert "cases: waits, 1 attempts" in text or "cases: not looked at yet" not in text
    assert "accepted" in text
    assert NUMBER not in text
    data = json.loads(await shown(house, tmp_path, own, capsys, as_json=True))
    assert data["way"]["outbox"][0]["external_id"] == "provider-7"
    assert data["way"]["outbox"][0]["trace"] == own
    assert [d["attempts"] for d in data["way"]["deliveries"] if d["dead_at"]] == [1]
    assert NUMBER not in json.dumps(data)


async def test_an_id_that_is_nobody_s_is_not_found(house: ConversationHouse) -> None:
    await house.say("wx-1", "路灯不亮")
    assert await house.database.ways.named(trace.new()) is None
    assert await house.database.ways.named("") is None
