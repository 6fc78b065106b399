"""Feeds at the desk: what is held and why, what was given up, and sending it again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.errors import FeedRefused
from tests.e2e.desk.test_accessible import log_in, sound
from tests.support.browser import Browser
from tests.support.web_house import PASSWORD, WebHouse

pytestmark = pytest.mark.e2e


async def test_a_held_feed_and_its_dead_letters(house: WebHouse, browser: Browser) -> None:
    store = house.database.deliveries
    await house.contact()
    [one] = await store.lease("cases", "test", limit=1, lease_s=60)
    await store.failed("cases", one.event_seq, "HTTP 422: 没有这个区划", retry_in_s=None)
    await store.hold("cases", FeedRefused("HTTP 401: who are you?", cause="key", http_status=401), probe_in_s=60)
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "chief")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("下游对接", "nav")
    await browser.complaints()  # of before the login
    await browser.click("nav a[href='#/feeds']")
    await browser.see("已暂停", ".cards")
    for told in ("核对密钥", "HTTP 401: who are you?", "没有丢失任何事件", "HTTP 422: 没有这个区划", "等待投递\n1"):
        await browser.see(told, ".cards")
    if folder := os.environ.get("DESK_PICTURES"):
        await browser.picture(Path(folder) / "desk-feeds-1440.png")
    for width, height in ((1440, 900), (360, 780)):
        await browser.resize(width, height)
        for dark in (False, True):
            await browser.dark(on=dark)
            await browser.reload()
            await browser.see("已暂停", ".cards")
            await sound(browser, f"feeds {width} dark {dark}")
    await browser.dark(on=False)
    await browser.resize(1440, 900)

    await browser.click(".row-buttons .button-main")
    await browser.see("cases 已恢复投递")
    await browser.gone("已暂停", ".cards")
    await browser.click(".row-buttons .button-main")
    await browser.see("cases：1 个事件将重新投递")
    await browser.gone("没有这个区划", ".cards")
    assert await store.dead_letters() == []
    assert (await store.counts())["cases"] == {"pending": 2, "dead": 0}

    while leased := await store.lease("cases", "test", limit=9, lease_s=60):
        await store.delivered("cases", [delivery.event_seq for delivery in leased])
    await browser.click(".row-buttons .button[aria-expanded]")
    await browser.focus_on("从这个事件号起")
    await browser.press("Escape")
    await browser.focus_on("从某个事件起重新投递")
    await browser.press("Enter")
    await browser.focus_on("从这个事件号起")
    await browser.type("1")
    await browser.press("Enter")
    await browser.see("cases：2 个事件将重新投递")
    assert await browser.complaints() == []


async def test_agents_have_no_such_page(house: WebHouse, browser: Browser) -> None:
    await log_in(browser, house)
    await browser.see("待回拨", "nav")
    assert "下游对接" not in await browser.text("nav")
