"""Calls that the city owes, worked at the desk by hand and keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.words import Disposition
from tests.e2e.desk.test_accessible import sound
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def owed(house: WebHouse, desk: Browser, *, user: str = "13800138000") -> str:
    """The ticket number of a call that broke off, its task on the page."""
    call = house.call(external_id=f"gone-{user}", user=user)
    location = house.recordings.location(call.interaction_id, call.started_at)
    await call.open({"name": "hotline", "version": "1"}, location)
    await call.answered()
    await call.close(
        disposition=Disposition.ABANDONED_IN_FLOW,
        proved=True,
        keys=[],
        recording=None,
        spoken_ms=0,
        transcribed=True,
        media=True,
    )
    await desk.open(f"{house.url}/desk/#/callbacks")
    number = f"{call.ticket_no[:8]}-{call.ticket_no[8:]}"
    await desk.find(f"[aria-label='取消回拨 {number}']")
    return number


async def task(house: WebHouse, state: str = "all") -> dict[str, Any]:
    _, page = await house.get(f"/api/v1/callbacks?state={state}", "admin")
    [found] = page["items"]
    return dict(found)


async def test_a_call_is_taken_tried_and_finished(house: WebHouse, desk: Browser) -> None:
    number = await owed(house, desk)
    await desk.see("+86 138 **** 8000", ".cards")
    await sound(desk, "callbacks")
    await desk.click(f"[aria-label='领取并显示号码 {number}']")
    await desk.see("+86 138 0013 8000", ".cards")
    await desk.see("由您回拨", ".cards")
    assert (await task(house))["claimed_by"] == "user:wang"
    _, trail = await house.get("/api/v1/audit?viewer=wang", "admin")
    assert "reveal" in {row["what"] for row in trail["items"]}
    await desk.click(f"[aria-label='未接通 {number}']")
    await desk.until(lambda: desk.js("return document.activeElement.tagName==='SELECT'"), "the choice has no focus")
    await sound(desk, "outcome of a call")
    await desk.press("Escape")
    await desk.until(lambda: desk.js("return !document.querySelector('.outcome')"), "Escape did not close it")
    await desk.focus_on("未接通")
    await desk.press("Enter")
    assert await desk.js("return document.activeElement.tagName") == "SELECT", "who types on at once types elsewhere"
    await desk.press("Tab")
    await desk.type("晚上六点以后在家")
    await desk.press("Enter")
    await desk.see("已拨 1 次", ".cards")
    await desk.see("无人接听 · 晚上六点以后在家", ".cards")
    found = await task(house)
    assert (found["attempts"], found["last_attempt"]["result"], found["claimed_by"]) == (1, "no_answer", None)
    await desk.click(f"[aria-label='结束 {number}']")
    await desk.click(".outcome .button-main")
    await desk.see("没有待回拨的来电")
    assert (await task(house))["closed"]["why"] == "reached"
    await desk.js("const e=document.querySelector('.task-filters select');e.value='done';"
                  "e.dispatchEvent(new Event('change',{bubbles:true}))")  # fmt: skip
    await desk.see("已联系上", ".cards")


async def test_who_left_no_number_is_plainly_shown_and_a_cancelled_call_says_why(
    house: WebHouse, desk: Browser
) -> None:
    number = await owed(house, desk, user="anonymous")
    await desk.see("没有号码", ".task-phone")
    assert await desk.js("return document.querySelectorAll(\"[aria-label^='领取']\").length") == 0
    await desk.resize(360, 780)
    await sound(desk, "callbacks on a phone")
    await desk.click(f"[aria-label='取消回拨 {number}']")
    await desk.press("Enter")
    assert (await task(house))["state"] == "open", "cancelled without a reason"
    await desk.type("重复来电，已并单")
    await desk.press("Enter")
    await desk.see("没有待回拨的来电")
    found = await task(house)
    assert (found["state"], found["closed"]["note"]) == ("cancelled", "重复来电，已并单")


async def test_what_somebody_else_has_taken_is_theirs(house: WebHouse, desk: Browser) -> None:
    number = await owed(house, desk)
    path = f"/api/v1/callbacks/{(await task(house))['callback_id']}/actions/claim"
    assert (await house.ask("POST", path, "writer"))[0] == 200
    await desk.see("writer 已领取", ".cards")
    await desk.gone("领取并显示号码")
    assert await desk.js("return document.querySelectorAll(arguments[0]).length", f"[aria-label='结束 {number}']") == 0
