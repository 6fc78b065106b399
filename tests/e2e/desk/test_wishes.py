"""Wishes and needs of requesters in the form, in a real browser."""

from __future__ import annotations

import pytest

from gateway.domain.words import Disposition
from tests.e2e.desk.test_accessible import sound
from tests.e2e.desk.test_form import open_ticket, record, value
from tests.support.browser import Browser
from tests.support.web_house import PASSWORD, WebHouse

pytestmark = pytest.mark.e2e
SAID = "我是聋人，我要匿名举报一家黑网吧，请给我保密，不要打电话，发短信就行"


async def test_wishes_are_shown_with_their_words_and_edited(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call(SAID, external_id="wishes", disposition=Disposition.ABANDONED_IN_FLOW)
    await open_ticket(house, desk, call.ticket_id)
    assert [await value(desk, f"requester-{name}") for name in ("secret", "anonymous", "contact_by")] == [
        "yes",
        "yes",
        "message",
    ]
    await desk.see("保密", "#field-requester-secret-notes .quote")
    await desk.see("不能在此取消", "#field-requester-secret-notes")
    assert await desk.js("return document.querySelector('#field-requester-secret').disabled") is True
    await sound(desk, "wishes")
    await desk.click("#field-requester-accessibility .tick:nth-child(2)")
    await desk.click(".savebar .button-main")
    await desk.see("已保存")
    assert (await record(house, call))["requester"]["accessibility"] == ["hearing", "sign_language"]
    await desk.open(f"{house.url}/desk/#/callbacks")
    await desk.see("发消息，勿打电话")


async def test_an_administrator_lifts_secrecy_with_a_reason(house: WebHouse, browser: Browser) -> None:
    call = await house.finished_call(SAID, external_id="wishes")
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "chief")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("实时")
    await open_ticket(house, browser, call.ticket_id)
    await browser.js(
        "const s = document.querySelector('.lift select'); s.value = 'misunderstood';"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
    )
    await browser.click(".lift .offer:not([disabled])")
    await browser.see("已解除保密")
    assert (await record(house, call))["requester"]["secret"] is False
    assert await browser.js("return document.querySelector('#field-requester-secret').disabled") is False
