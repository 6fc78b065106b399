"""At the desk: a number is no person, and the voice of who asked for secrecy is not at hand."""

from __future__ import annotations

import pytest

from gateway.domain.change import Change, NewEvent
from tests.e2e.desk.test_form import open_ticket
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def test_maybe_the_same_person_is_offered_and_taken_over_by_a_click(house: WebHouse, desk: Browser) -> None:
    person = {"kind": "citizen", "phone": "13800138000"}
    await house.contact("路灯坏了", event_id="1", requester={**person, "name": "王小芳"})
    made = await house.contact("路灯还没修", event_id="2", requester=person)
    await open_ticket(house, desk, made["ticket_id"])
    await desk.see("可能是同一人", ".same")
    await desk.see("王**", ".same")
    assert await desk.js("return document.querySelector('#field-requester-name').value") == ""
    await desk.click(".same button")
    await desk.until(
        lambda: desk.js("return document.querySelector('#field-requester-name').value === '王**'"), "not filled in"
    )
    _, record = await house.get(f"/api/v1/tickets/{made['ticket_id']}", "admin")
    assert record["requester"]["name"] == "王小芳"


async def test_a_secret_recording_is_heard_after_everything_was_shown(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call("楼上有赌场", external_id="secret")
    await house.database.changes.apply(
        Change(
            ticket_id=call.ticket_id,
            ticket_fields={("requester", "secret"): True},
            events=(NewEvent(type="ticket.corrected", at=house.clock.now()),),
        )
    )
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("查看完整内容后可以听录音")
    assert await desk.js("return document.querySelector('audio')") is None
    await desk.click(".review .row-buttons button")
    await desk.find("audio")
    await desk.until(
        lambda: desk.js("return document.querySelector('audio').readyState > 0"), "the recording does not come"
    )
