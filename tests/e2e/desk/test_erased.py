"""At the desk: an erased ticket says that it is, and nothing of its person is on the page."""

from __future__ import annotations

import pytest

from tests.e2e.desk.test_form import open_ticket
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def test_a_ticket_that_is_erased_while_it_is_looked_at(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call("我叫张卫国，龙华区的路灯坏了", external_id="one", user="13876543210")
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("路灯坏了")
    path = f"/api/v1/tickets/{call.ticket_id}"
    headers = {"If-Match": f'"{(await house.get(path, "admin"))[1]["version"]}"'}
    assert (await house.ask("POST", f"{path}/actions/withdraw", json={}, headers=headers))[0] == 200
    assert (await house.ask("POST", f"{path}/actions/erase", "admin"))[0] == 200
    await desk.see("已删除", ".ticket-chips")
    await desk.see("个人信息已于", ".ticket-head")
    for said in ("张", "3210", "路灯坏了"):  # the list beside it hears of it a moment later
        await desk.gone(said)
    assert await desk.js("return document.querySelector('audio')") is None
    await desk.click(".history summary")
    await desk.see("个人信息已删除", ".history")
