"""Withdrawing a ticket at the desk (诉求人撤回), with the keyboard alone."""

from __future__ import annotations

import pytest

from tests.e2e.desk.test_accessible import sound
from tests.e2e.desk.test_form import open_ticket, record
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def test_an_open_ticket_is_withdrawn_for_a_reason_and_no_more_after_that(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call("小区门口的路灯坏了三天，晚上看不见路", external_id="lamp")
    await open_ticket(house, desk, call.ticket_id)
    await desk.js("document.getElementById('withdraw').focus()")
    await desk.press("Enter")
    await desk.see("也不能恢复", ".ask")
    asked = "return document.activeElement.getAttribute('aria-label')==='撤回原因'"
    await desk.until(lambda: desk.js(asked), "the question has no focus")
    await sound(desk, "withdraw")
    await desk.press("Escape")
    await desk.gone("确认撤回")
    await desk.until(lambda: desk.js("return document.activeElement.id==='withdraw'"), "the button has lost the focus")
    assert (await record(house, call))["status"] == "registered"
    await desk.press("Enter")
    await desk.see("也不能恢复", ".ask")
    await desk.js(
        "const s = document.querySelector('.ask select'); s.value = 'settled';"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
    )
    await desk.click(".ask .button-main")
    await desk.see("已撤销", ".ticket-chips")
    assert (await record(house, call))["status"] == "withdrawn"
    await desk.gone("诉求人撤回", ".review")
    await desk.click(".history summary")
    await desk.see("已登记 → 已撤销", ".history")
    _, page = await house.get(f"/api/v1/tickets/{call.ticket_id}/events", "admin")
    [event] = [one for one in page["items"] if one["type"] == "ticket.withdrawn"]
    assert event["data"]["reason"] == "settled"
