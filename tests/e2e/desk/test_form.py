"""The edit-and-confirm form in a real browser: evidence, confirming, editing, keeping still while speech goes on."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.guess import Guess, Mention
from gateway.intake.call.record import CallRecord
from tests.e2e.desk.test_accessible import sound
from tests.support.browser import Browser
from tests.support.change import Change, NewEvent
from tests.support.web_house import WebHouse, final

pytestmark = pytest.mark.e2e
WATER = "你好，我叫王小明，龙华区金贸街道万绿小区停水两天了，物业收了五百块也不管，我的电话是13912345678。"


def span_of(words: str) -> tuple[int, int]:
    return WATER.index(words), WATER.index(words) + len(words)


GUESSES = (
    Guess(path="demand.type", value="complaint", source="model", span=None, confidence=0.93),
    Guess(
        path="demand.category",
        value={"code": "010101", "l1": "供水排水", "l2": "供水故障", "l3": "停水"},
        source="model",
        span=span_of("停水"),
        confidence=0.81,
        candidates=(("100101", 0.12),),
    ),
    Guess(path="requester.org_name", value="某某公司", source="rule", span=None, confidence=0.35),
    Guess(path="demand.complained_about.name", value="物业", source="rule", span=span_of("物业"), confidence=0.6),
)
MENTIONS = (
    Mention(kind="money", value="500", span=span_of("五百块"), confidence=0.95),
    Mention(kind="person", value="王小明", span=span_of("王小明"), confidence=0.8),
)


async def guessed(house: WebHouse, ticket_id: str, *guesses: Guess, mentions: tuple[Mention, ...] = ()) -> None:
    """What the pre-fill has found meanwhile."""
    event = NewEvent(type="transcript.segment", at=house.clock.now())
    await house.database.changes.execute(
        Change(ticket_id=ticket_id, guesses=guesses, mentions=mentions, events=(event,))
    )


async def water(house: WebHouse) -> CallRecord:
    call = await house.finished_call(WATER, external_id="water", seconds=14)
    await guessed(house, call.ticket_id, *GUESSES, mentions=MENTIONS)
    return call


async def live_call(house: WebHouse) -> CallRecord:
    call = house.call(external_id="live")
    location = house.recordings.location(call.interaction_id, call.started_at)
    await call.open({"name": "hotline", "version": "1"}, location)
    await call.answered()
    await call.heard(final("我要投诉，小区停水了，", 0, 900))
    return call


async def open_ticket(house: WebHouse, desk: Browser, ticket_id: str) -> None:
    await desk.open(f"{house.url}/desk/#/tickets/{ticket_id}")
    await desk.find("#field-demand-type")


async def value(desk: Browser, name: str) -> Any:
    return await desk.js("return document.querySelector(arguments[0]).value", f"#field-{name}")


async def record(house: WebHouse, call: CallRecord) -> Any:
    return (await house.get(f"/api/v1/tickets/{call.ticket_id}", "admin"))[1]


async def control_enter(desk: Browser, *, shift: bool = False) -> None:
    held = ["\ue009", *(["\ue008"] if shift else [])]
    actions = [{"type": "keyDown", "value": key} for key in held]
    actions += [{"type": "keyDown", "value": "\ue007"}, {"type": "keyUp", "value": "\ue007"}]
    actions += [{"type": "keyUp", "value": key} for key in reversed(held)]
    await desk.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})


async def test_filled_offered_and_confirmed_fields_look_and_read_differently(house: WebHouse, desk: Browser) -> None:
    call = await water(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("模型 · 很有把握 93%", "#field-demand-type-notes")
    await desk.see("规则 · 不确定 35%", "#field-requester-org_name-notes")
    assert await value(desk, "demand-category")
    assert await value(desk, "requester-org_name") == ""
    states = await desk.js(
        "return ['demand-category','requester-org_name'].map("
        "n=>document.querySelector('#field-'+n).closest('.field').className)"
    )
    assert "is-filled" in states[0]
    assert "is-offered" in states[1]
    await desk.click("button[aria-label='确认“类型”']")
    await desk.see("已确认", "#field-demand-type-notes")
    assert (await record(house, call))["prefill"]["fields"]["demand.type"]["confirmed_by"] == "user:wang"
    await desk.gone("已确认", ".savebar")
    await desk.click("#field-requester-org_name-notes .offer")
    await desk.see("已确认", "#field-requester-org_name-notes")
    assert (await record(house, call))["requester"]["org_name"] == "某某公司"
    before = (await record(house, call))["demand"]["category"]["code"]
    await desk.gone("已确认", ".savebar")
    await desk.click("#field-demand-category-notes .candidates .offer")
    await desk.see("已确认", "#field-demand-category-notes")
    after = (await record(house, call))["demand"]["category"]
    assert after["code"] != before
    assert after["l1"]
    await sound(desk, "form")


async def test_the_words_that_a_field_rests_on_light_up_in_content_and_transcript(
    house: WebHouse, desk: Browser
) -> None:
    call = await water(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("停水", "figure.marked")
    await desk.js("document.querySelector('#field-demand-category').focus()")
    for where in ("figure.marked", ".transcript"):
        await desk.find(f"{where} mark.active")
    await desk.js("document.querySelector('.mention').focus()")
    await desk.see("五百块", ".transcript mark.active")
    await desk.see("¥500", ".mentions")


async def test_a_category_is_searched_and_chosen_by_keyboard(house: WebHouse, desk: Browser) -> None:
    call = await water(house)
    _, table = await house.get("/api/v1/taxonomy")
    leaf = next(item for item in table["items"] if item["leaf"] and "水压" in item["names"][-1])
    await open_ticket(house, desk, call.ticket_id)
    await desk.js("document.querySelector('#field-demand-category').focus()")
    await desk.type("水压")
    await desk.see("水压", ".options")
    assert await desk.js("return document.activeElement.getAttribute('aria-activedescendant')")
    await sound(desk, "open picker")
    await desk.press("Escape")
    await desk.gone("水压", ".picker")
    await desk.press("Down")
    await desk.find(".options")
    await desk.type(leaf["code"])
    await desk.see(leaf["code"], ".options")
    await desk.press("Enter")
    await desk.see("1 处未保存的修改")
    await control_enter(desk)
    await desk.see("已保存", ".savebar")
    found = await record(house, call)
    assert found["demand"]["category"]["code"] == leaf["code"]
    assert found["prefill"]["fields"]["demand.category"]["source"] == "agent"


async def test_one_key_confirms_a_field_and_goes_on_and_one_confirms_all(house: WebHouse, desk: Browser) -> None:
    call = await water(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.js("document.querySelector('#field-demand-type').focus()")
    await control_enter(desk)
    await desk.see("已确认", "#field-demand-type-notes")
    await desk.until(
        lambda: desk.js(
            "return document.activeElement.id!=='field-demand-type'&&document.activeElement.id.startsWith('field-')"
        ),
        "the cursor did not go on",
    )
    await control_enter(desk, shift=True)
    await desk.see("预填的字段都已确认", ".review")
    fields = (await record(house, call))["prefill"]["fields"]
    sure = {path for path, one in fields.items() if one["confidence"] >= 0.5 and path != "demand.content"}
    assert {path for path in sure if fields[path]["confirmed_by"] == "user:wang"} == sure
    assert fields["requester.org_name"]["confirmed_by"] is None
    assert fields["demand.content"]["confirmed_by"] is None


async def test_speech_goes_on_while_an_agent_works_and_nothing_under_the_cursor_moves(
    house: WebHouse, desk: Browser
) -> None:
    call = await live_call(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("投诉", "#field-demand-type")
    await desk.click("button[aria-label='确认“类型”']")
    await desk.see("已确认", "#field-demand-type-notes")
    await desk.js("document.querySelector('#field-place-district').scrollIntoView({block:'center'})")
    await desk.js("document.querySelector('#field-place-address').focus()")
    await desk.type("坐席正在写的")
    top = "return document.querySelector('#field-place-address').getBoundingClientRect().top"
    before = await desk.js(top)
    await call.heard(final("我还想表扬一下，在龙华区金贸街道，", 1000, 1900))
    await call.heard(final("我叫王小明，电话是13912345678，孩子老人都没有水喝，很着急", 2000, 4900))
    await desk.until(
        lambda: desk.js("return document.querySelector('#field-place-district').value==='龙华区'"), "no live district"
    )
    await desk.see("很着急", ".transcript")
    assert abs(await desk.js(top) - before) < 2
    assert await value(desk, "place-address") == "坐席正在写的"
    assert await value(desk, "demand-type") == "complaint"
    await desk.type("地址")
    await desk.press("Enter")
    await desk.see("已保存", ".savebar")
    found = await record(house, call)
    assert found["place"]["address"] == "坐席正在写的地址"
    assert found["demand"]["type"] == "complaint"


async def test_a_field_that_has_the_cursor_waits_until_it_has_left(house: WebHouse, desk: Browser) -> None:
    call = await live_call(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.js("document.querySelector('#field-place-district').focus()")
    await call.heard(final("在龙华区金贸街道", 1000, 1900))
    await desk.see("刚听到：龙华区", "#field-place-district-notes")
    assert await value(desk, "place-district") == ""
    await desk.js("document.querySelector('#field-demand-title').focus()")
    await desk.until(
        lambda: desk.js("return document.querySelector('#field-place-district').value==='龙华区'"), "it never came"
    )


async def test_what_changed_since_it_was_seen_is_not_confirmed(house: WebHouse, desk: Browser) -> None:
    call = await water(house)
    await desk.cdp("Network.enable", {})
    await desk.cdp("Network.setBlockedURLs", {"urls": ["*/api/v1/stream*"]})
    await open_ticket(house, desk, call.ticket_id)
    await desk.reload()  # from here on the page hears of no change
    await desk.see("模型", "#field-demand-type-notes")
    help_ = Guess(path="demand.type", value="help", source="model", span=None, confidence=0.97)
    await guessed(house, call.ticket_id, help_)
    await desk.click("button[aria-label='确认“类型”']")
    await desk.until(lambda: desk.js("return document.querySelector('#field-demand-type').value==='help'"), "no reload")
    await desk.see("请再看一眼", ".savebar")
    field = (await record(house, call))["prefill"]["fields"]["demand.type"]
    assert (field["value"], field["confirmed_by"]) == ("help", None)


async def test_numbers_and_names_stay_hidden_in_edits_and_show_when_asked_for(house: WebHouse, desk: Browser) -> None:
    call = await water(house)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("王**", ".transcript")
    await desk.see("139****5678", ".transcript")
    await desk.see("王**", ".mentions")
    await desk.gone("13912345678")
    content = await value(desk, "demand-content")
    await desk.fill("#field-demand-content", content.replace("两天", "三天"))
    await desk.click(".savebar .button-main")
    await desk.see("已保存", ".savebar")
    assert (await record(house, call))["demand"]["content"] == WATER.replace("两天", "三天")
    await desk.click(".review .button")
    await desk.see("13912345678", ".transcript")
    await desk.see("王小明", ".mentions")
    await desk.see("本次查看已留痕")
    _, page = await house.get(f"/api/v1/audit?ticket_id={call.ticket_id}&viewer=wang", "admin")
    assert {row["what"] for row in page["items"]} == {"reveal", "recording", "record"}


async def test_two_tickets_about_one_thing_become_one_when_confirmed_and_two_again(
    house: WebHouse, desk: Browser
) -> None:
    first = await house.finished_call("龙华区金贸街道万绿小区停水两天了，家里没有水", external_id="first")
    second = house.call(external_id="second", user="13700137000")
    location = house.recordings.location(second.interaction_id, second.started_at)
    await second.open({"name": "hotline", "version": "1"}, location)
    await second.answered()
    await second.heard(final("龙华区金贸街道万绿小区停水两天了，都没有水", 0, 900))
    await open_ticket(house, desk, second.ticket_id)
    await desk.see("相似工单", ".similar")
    number = f"{first.ticket_no[:8]}-{first.ticket_no[8:]}"
    await desk.see(number, ".similar-list")
    await desk.click(f"button[aria-label='并入 {number}']")
    await desk.until(lambda: desk.js("return document.activeElement.textContent==='取消'"), "the question has no focus")
    await sound(desk, "merge")
    await desk.press("Escape")
    await desk.gone("确认并单")
    await desk.click(f"button[aria-label='并入 {number}']")
    await desk.click(".ask .button-main")
    await desk.see("本工单已并入", ".similar")
    assert (await record(house, second))["related"]["merged_into"] == first.ticket_id
    await desk.js("document.querySelector('.similar').scrollIntoView()")
    await desk.click(".similar .row-buttons .button")
    await desk.gone("本工单已并入", ".similar")
    assert (await record(house, second))["related"]["merged_into"] is None
