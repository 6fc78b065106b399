"""How the channels are, at the desk; and filters that offer what there can be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.status import Status, may_follow
from tests.e2e.desk.test_accessible import log_in, sound
from tests.support.browser import Browser
from tests.support.web_house import WebHouse, web_house

pytestmark = pytest.mark.e2e
WELL: dict[str, Any] = {
    "process": "voice",
    "running": True,
    "ready": True,
    "inbound": 31,
    "outbound": 0,
    "pending": 0,
    "last_inbound_at": "2026-11-29T01:02:03.000Z",
    "last_outbound_at": None,
    "error_rate": None,
    "token_ok": None,
    "token_expires_at": None,
    "connected": None,
    "refused": {"rate": 2},
    "silent": False,
}
CHANNELS: list[dict[str, Any]] = [
    {"channel_id": "hotline", "kind": "sip", **WELL, "silent": True},
    {"channel_id": "mp", "kind": "wechat", **WELL, "token_ok": False, "error_rate": 0.5, "pending": 3},
    {"channel_id": "web", "kind": "webchat", **WELL},
]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WebHouse]:
    async def report() -> list[dict[str, Any]]:
        return CHANNELS

    async with web_house(tmp_path, channels_report=report) as opened:
        yield opened


@pytest.fixture
async def desk(house: WebHouse, browser: Browser) -> Browser:
    await log_in(browser, house)
    await browser.see("2 个渠道异常")
    return browser


async def test_channels_that_are_not_well_are_told_on_every_page(desk: Browser) -> None:
    await desk.click(".pulse")
    await desk.see("比平时安静", ".cards")
    await desk.see("凭据失效", ".cards")
    await desk.see("很多消息发不出去", ".cards")
    cards = await desk.js("return [...document.querySelectorAll('.task')].map((one)=>one.innerText)")
    assert [card.split("\n")[0] for card in cards] == ["电话 hotline", "微信 mp", "网页 web"]
    assert "正常" in cards[2]
    for width, height in ((1440, 900), (360, 780)):
        await desk.resize(width, height)
        for dark in (False, True):
            await desk.dark(on=dark)
            await desk.reload()
            await desk.see("凭据失效", ".cards")
            await sound(desk, f"channels {width} dark {dark}")
    assert "渠道异常" in await desk.js("return document.querySelector('.pulse').getAttribute('aria-label')")


async def test_filters_offer_only_what_can_be_found(house: WebHouse, desk: Browser) -> None:
    await house.contact()
    await desk.see("1 件")
    offered = await desk.js(
        "return [...document.querySelectorAll('.selects select')].map((one)=>[...one.options].map((o)=>o.value))"
    )
    assert offered == [
        ["", "citizen", "enterprise"],
        ["", *Status],
        ["", "sip", "wechat", "webchat", "platform", "open311"],
    ]
    reached = {Status.REGISTERED}
    while further := {after for after in Status if any(may_follow(one, after) for one in reached)} - reached:
        reached |= further
    assert set(offered[1]) - {""} == reached
    choose = "const e=document.querySelectorAll('.selects select')[2];e.value=arguments[0];"
    change = "e.dispatchEvent(new Event('change',{bubbles:true}))"
    await desk.js(choose + change, "sip")
    await desk.see("没有符合条件的工单")
    await desk.js(choose + change, "platform")
    await desk.see("1 件")
