"""The fake house keeps the rules that channel tests rely on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import Conflict, RejectedInput, StoreUnavailable
from gateway.ports.message import InboundMessage, Receipt
from tests.support.fakes.house import FakeHouse

pytestmark = pytest.mark.unit


def message(external_id: str, text: str = "路灯不亮", sender: str = "a") -> InboundMessage:
    return InboundMessage(
        channel="webchat",
        channel_id="web",
        external_id=external_id,
        sender=sender,
        received_at=datetime.now(UTC),
        text=text,
    )


async def test_replays_change_nothing_and_another_body_conflicts(tmp_path: Path) -> None:
    house = FakeHouse()
    text = house.context(channel_id="web", data_dir=tmp_path).text
    assert text is not None
    first = await text.conversations.receive(message("1"))
    again = await text.conversations.receive(message("1"))
    assert (again.ticket_no, again.seq, again.replayed) == (first.ticket_no, 1, True)
    with pytest.raises(Conflict):
        await text.conversations.receive(message("1", "别的"))
    with pytest.raises(RejectedInput):
        await text.conversations.receive(message("2", "\ud83d"))
    assert [m.external_id for m in house.received] == ["1"]


async def test_failure_refuses_and_nothing_is_kept(tmp_path: Path) -> None:
    house = FakeHouse()
    text = house.context(channel_id="web", data_dir=tmp_path).text
    assert text is not None
    house.failure = StoreUnavailable("down")
    with pytest.raises(StoreUnavailable):
        await text.conversations.receive(message("1"))
    house.failure = None
    assert not (await text.conversations.receive(message("1"))).replayed


async def test_history_goes_on_after_a_seq_and_watchers_wake(tmp_path: Path) -> None:
    house = FakeHouse()
    text = house.context(channel_id="web", data_dir=tmp_path).text
    assert text is not None
    await text.conversations.receive(message("1"))
    async with text.conversations.watch("web", "a") as news:
        said = await house.say("web", "a", "请问在哪里?", quick_replies=(("0", "人工"),), external_id="out-1")
        await asyncio.wait_for(anext(news), 5)
        (ours,) = await text.conversations.history("web", "a", after=1)
        assert (ours.message_id, ours.direction, ours.delivery) == (said.message_id, "outbound", "queued")
        at = datetime.now(UTC)
        await text.conversations.receipt(Receipt(channel_id="web", external_id="out-1", state="read", at=at))
        await asyncio.wait_for(anext(news), 5)
    assert [m.delivery for m in await text.conversations.history("web", "a")] == [None, "read"]


async def test_cache_locks_once_and_forgets(tmp_path: Path) -> None:
    text = FakeHouse().context(channel_id="web", data_dir=tmp_path).text
    assert text is not None
    async with text.cache.lock("token", 60) as mine, text.cache.lock("token", 60) as theirs:
        assert (mine, theirs) == (True, False)
    async with text.cache.lock("token", 60) as mine:
        assert mine
    await text.cache.put("token", "x", 60)
    assert await text.cache.get("token") == "x"
    await text.cache.put("token", "x", 0)
    assert await text.cache.get("token") is None
