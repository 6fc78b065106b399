"""Who watches a conversation in one process sees what another one writes to it, also while Valkey is down."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.bootstrap.house import House, open_house
from gateway.live.neighbours import PREFIX
from gateway.live.run_dir import socket_path
from gateway.ports.message import InboundMessage
from gateway.settings import load
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def said(key: str) -> InboundMessage:
    return InboundMessage(
        channel="webchat",
        channel_id="web",
        external_id=key,
        sender="li",
        received_at=datetime.now(UTC),
        text="路灯不亮",
    )


async def test_a_message_that_another_process_writes_wakes_who_watches(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'data_dir = "{tmp_path}"\n[[channel]]\nid = "web"\nkind = "webchat"\nflow = "chat"\n')
    async with AsyncExitStack() as stack:
        houses: list[House] = [
            await open_house(load(config), ["web", "worker"], stack, migrate=n == 0) for n in range(2)
        ]
        tasks = [
            asyncio.create_task(duty())
            for house in houses
            for duty in (house.base.wakeup.run, house.base.announce, house.written.follow)
        ]
        run = socket_path(tmp_path, PREFIX).parent
        await until(lambda: len(list(run.glob(f"{PREFIX}*"))) == len(houses), "both to listen")
        here, there = houses
        await here.written.conversations.receive(said("0"))
        async with here.written.conversations.watch("web", "li") as news:
            waiting = asyncio.create_task(anext(news))
            seen = await here.written.conversations.history("web", "li", after=0)
            await asyncio.sleep(0)
            assert not waiting.done()
            await there.written.conversations.receive(said("1"))
            async with asyncio.timeout(30):
                await waiting
            newer = await here.written.conversations.history("web", "li", after=seen[-1].seq)
            assert [m.text for m in newer if m.direction == "inbound"] == ["路灯不亮"]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
