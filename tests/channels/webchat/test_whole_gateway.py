"""A person with a real browser in front of a whole gateway: its database, its flow, its web room."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.channels.webchat.test_guards import PNG
from tests.channels.webchat.widget import widget
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e
COMMENT = "修得快"
CHANNELS = """
[[channel]]
id = "web"
kind = "webchat"
flow = "chat"
"""


async def test_a_chat_becomes_a_ticket_and_outlives_the_process(tmp_path: Path) -> None:
    with RunningGateway(tmp_path, tables=CHANNELS) as gateway:
        async with widget(tmp_path / "profile") as page:
            await page.browser.open(f"{gateway.url}/chat/web")
            await page.live()
            await page.say("龙华区海垦街道金垦路的路灯坏了")
            await page.delivered(1)
            await page.see("已登记，工单号", ".note-ticket")
            await page.until("return R.querySelectorAll('.row-us').length>=2", "nobody answered")
            picture = tmp_path / "路灯.png"
            picture.write_bytes(PNG)
            found = await page.js("return R.querySelector('input[accept]')")
            await page.browser.command("POST", f"/element/{next(iter(found.values()))}/value", {"text": str(picture)})
            await page.delivered(2)
            await asyncio.to_thread(gateway.kill, "web+worker")
            await page.say("进程重启时写的")
            await asyncio.to_thread(gateway.wait_ready)
            await page.live()
            await page.delivered(3)
            await page.click("[aria-controls=menu]")
            await page.click(".menu .option")
            await page.click(".star:nth-child(5)")
            await page.js(f"R.querySelector('.card textarea').value='{COMMENT}'")
            await page.click(".card .button-main")
            await page.see("对话已结束")
            await page.until("return !Object.keys(document.querySelector('hotline-chat').talk.queue).length", "unsent")
            await page.browser.reload()
            await page.live()
            await page.delivered(3)
            await page.see("进程重启时写的", ".row-you")
            refused = [line for line in await page.browser.complaints() if "Content Security Policy" in line]
            assert refused == []
        items = (await asyncio.to_thread(gateway.get, "/api/v1/tickets"))["items"]
        assert len(items) == 1
        path = f"/api/v1/tickets/{items[0]['ticket_id']}"

        def read() -> dict[str, Any] | None:
            record: dict[str, Any] = gateway.get(path)
            messages = record["interactions"][0]["messages"]
            states = {one["delivery"] for one in messages if one["direction"] == "outbound"}
            return record if states == {"read"} else None

        _check(await asyncio.to_thread(eventually, read, what="every answer read"))


async def test_the_short_address_serves_the_widget_of_the_first_chat(tmp_path: Path) -> None:
    tables = CHANNELS.replace('id = "web"', 'id = "portal"')
    with RunningGateway(tmp_path, tables=tables) as gateway:
        async with aiohttp.ClientSession() as http, http.get(f"{gateway.url}/static/widget.js") as answer:
            assert (answer.status, answer.content_type) == (200, "text/javascript")
            assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
            assert '"portal"' in await answer.text()


def _check(record: dict[str, Any]) -> None:
    (interaction,) = record["interactions"]
    assert (record["channel"], record["channel_id"]) == ("webchat", "web")
    said = [(m["kind"], m["text"]) for m in interaction["messages"] if m["direction"] == "inbound"]
    assert said[:1] == [("text", "龙华区海垦街道金垦路的路灯坏了")]
    assert said[1][0] == "image"
    assert said[2] == ("text", "进程重启时写的")
    assert interaction["ended_at"] is not None
    assert record["outcome"]["evaluation"] == {"channel": "webchat", "satisfied": 5, "comment": COMMENT}
