"""The desk in a real browser: what an agent sees and does."""

from __future__ import annotations

import asyncio
import itertools
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from gateway.domain.words import Disposition
from gateway.storage.account_tables import sessions
from gateway.web.passwords import hash_password
from tests.support.browser import Browser
from tests.support.change import Change, NewEvent
from tests.support.web_house import PASSWORD, TONE, WebHouse, final

pytestmark = pytest.mark.e2e
IF_FIRST = {"If-Match": "1"}
LAMP = "龙华区民治街道的路灯坏了三天了，我的电话是13912345678，请尽快维修。"


async def open_ticket(house: WebHouse, desk: Browser, ticket_id: str) -> None:
    await desk.open(f"{house.url}/desk/#/tickets/{ticket_id}")
    await desk.find("#field-demand-type")


async def test_a_wrong_password_is_told_and_a_right_one_opens_the_list(house: WebHouse, browser: Browser) -> None:
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "wang")
    await browser.fill("#password", "wrong password")
    await browser.press("Enter")
    await browser.see("用户名或密码不正确", "[role=alert]")
    await browser.focus_on("密码")
    await browser.type(PASSWORD)
    await browser.press("Enter")
    await browser.see("还没有工单")
    await browser.click("button[aria-label=退出]")
    await browser.see("登录坐席台")
    await browser.reload()
    await browser.see("登录坐席台")


async def test_a_lock_out_says_how_long_it_lasts_in_both_languages(house: WebHouse, browser: Browser) -> None:
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "wang")
    for _ in range(5):
        await browser.fill("#password", "wrong password")
        await browser.press("Enter")
        await browser.see("用户名或密码不正确", "[role=alert]")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("密码输错次数过多", "[role=alert]")
    await browser.see("秒后再试", "[role=alert]")
    await browser.click(".corner button[lang=en]")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("Too many wrong passwords; try again in", "[role=alert]")


async def test_a_telephone_that_should_ring_and_does_not_is_told(
    house: WebHouse, silent: list[str], browser: Browser
) -> None:
    silent.append("sip")
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "wang")
    await browser.fill("#password", PASSWORD)
    await browser.press("Enter")
    await browser.see("个渠道异常", ".pulse")
    await browser.click(".pulse")
    await browser.see("比平时安静")


async def test_a_desk_that_nobody_touches_is_logged_out_and_says_why(house: WebHouse, desk: Browser) -> None:
    await desk.see("还没有工单")
    await house.database.sql.write(
        lambda c: c.execute(sa.update(sessions).values(seen_at="2026-01-01T00:00:00.000Z")).rowcount
    )
    await desk.see("长时间没有操作", "[role=alert]")


async def test_a_one_time_password_is_changed_first(house: WebHouse, browser: Browser) -> None:
    await house.database.users.add(
        username="neu", name="新人", role="agent", password_hash=hash_password("one-time-pass"), one_time=True
    )
    await browser.open(f"{house.url}/desk/")
    await browser.fill("#username", "neu")
    await browser.fill("#password", "one-time-pass")
    await browser.press("Enter")
    await browser.see("设置新密码")
    await browser.fill("#current", "one-time-pass")
    await browser.fill("#fresh", "short")
    await browser.fill("#again", "short")
    await browser.press("Enter")
    await browser.see("至少需要 12 个字符", "[role=alert]")
    await browser.fill("#fresh", "my very own words")
    await browser.fill("#again", "my very own words")
    await browser.press("Enter")
    await browser.see("还没有工单")


async def test_a_call_appears_while_it_goes_on_and_its_words_as_they_are_said(house: WebHouse, desk: Browser) -> None:
    await desk.see("还没有工单")
    call = house.call(external_id="live")
    location = house.recordings.location(call.interaction_id, call.started_at)
    await call.open({"name": "hotline", "version": "1"}, location)
    writer = house.recordings.start(call.interaction_id, call.started_at)
    for _ in range(100):
        writer.write(TONE, TONE)
    await call.answered()
    await call.heard(final("我们小区停水了", 500, 1800))
    await desk.see("我们小区停水了", ".rows")
    await desk.see("通话中", ".rows")
    await desk.click(".rows a")
    await desk.see("我们小区停水了", ".transcript")
    await call.heard(final("已经两天了", 2000, 3000))
    await desk.see("已经两天了", ".transcript")
    await desk.see("通话仍在进行", ".player")
    recording = await asyncio.to_thread(writer.close)
    await call.close(
        disposition=Disposition.COMPLETED,
        proved=True,
        keys=[],
        recording=recording,
        spoken_ms=0,
        transcribed=True,
        media=True,
    )
    await desk.see("已完成", ".side")
    await desk.gone("通话中")


async def test_silent_calls_are_hidden_until_asked_for_and_filters_hold(house: WebHouse, desk: Browser) -> None:
    await house.finished_call("", external_id="silent", disposition=Disposition.ABANDONED_IN_FLOW)
    await house.finished_call(LAMP, external_id="lamp")
    await house.contact("坪山区地砖松动", event_id="e", requester={"kind": "enterprise"})
    await desk.see("2 件")
    await desk.click(".check input")
    await desk.see("3 件")
    await desk.see("未说话", ".rows")
    await desk.fill("input[type=search]", "地砖")
    await desk.see("1 件")
    await desk.fill("input[type=search]", "没有这种事")
    await desk.see("没有符合条件的工单")
    await desk.click(".empty .button")
    await desk.see("2 件")


async def test_a_ticket_is_found_by_the_number_that_the_list_prints(house: WebHouse, desk: Browser) -> None:
    for n in range(3):
        await house.contact(f"第{n}件", event_id=f"n{n}")
    await desk.see("3 件")
    for written in ("#002", "＃００２", "# 2"):
        await desk.fill("input[type=search]", written)
        await desk.see("1 件")
        await desk.see("#002", ".rows")
        await desk.see("第1件", ".rows")


async def test_arrows_move_in_the_list_wherever_nothing_else_has_the_focus(house: WebHouse, desk: Browser) -> None:
    for n in range(30):
        await house.contact(f"第{n}件，路灯坏了", event_id=f"n{n}")
    await desk.see("30 件")
    row = "return document.activeElement.closest('.rows')?.querySelector('.row-no')&&document.activeElement.innerText"
    await desk.js("document.activeElement.blur()")
    await desk.press("Down")
    assert "#030" in await desk.js(row)
    await desk.press("Down", "Down", "Up")
    assert "#029" in await desk.js(row)
    await desk.press("Enter")
    await desk.until(lambda: desk.js("return document.activeElement.id==='ticket-title'"), "the title has no focus")
    await desk.press("Down")
    assert "#028" in await desk.js(row), "not from the title of the ticket that is open"
    for script in (
        "document.querySelector('input[type=search]').focus()",
        "document.querySelector('#field-demand-content').focus()",
    ):
        await desk.js(script)
        before = await desk.js("return document.activeElement.outerHTML.slice(0,60)")
        await desk.press("Down")
        assert await desk.js("return document.activeElement.outerHTML.slice(0,60)") == before
    composing = "new KeyboardEvent('keydown',{key:'ArrowDown',bubbles:true,cancelable:true,isComposing:true})"
    await desk.js("document.activeElement.blur()")
    assert await desk.js(f"return document.body.dispatchEvent({composing})"), "a key of an input method was taken"
    for room in ("", "#/callbacks"):
        await desk.open(f"{house.url}/desk/{room}")
        await desk.find("h1")
        size = "const e=document.scrollingElement;return e.scrollHeight-e.clientHeight"
        assert await desk.js(size) == 0, f"the page {room} is taller than its window"


async def test_numbers_are_shown_as_numbers_and_accounts_are_not(house: WebHouse, desk: Browser) -> None:
    groups = await desk.js(
        "return import('/desk/shared/format.js').then(({spacedPhone})=>arguments[0].map(spacedPhone))",
        [
            "+8613800138000", "sip:13800138000@198.51.100.7", "<sip:%2B8613800138000@x;user=phone>",
            "tel:+8689866534321", "+861066534321", "+86138****8000", "sip:138****8000@***", "12345", "+14155550123",
            "sip:anonymous@anonymous.invalid", "openid-oXyZ", "", None,
        ],
    )  # fmt: skip
    assert groups == [
        "+86 138 0013 8000", "138 0013 8000", "+86 138 0013 8000",
        "+86 898 6653 4321", "+86 10 6653 4321", "+86 138 **** 8000", "138 **** 8000", "12345", "+14155550123",
        "", "", "", "",
    ]  # fmt: skip
    call = await house.finished_call(LAMP, external_id="lamp")
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("138 **** 8000", ".facts")
    await desk.gone("sip:")
    await desk.gone(call.ticket_id[-6:])


async def test_fields_are_corrected_with_their_evidence_in_sight(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call(LAMP, external_id="lamp")
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("坏了", "figure.marked")
    await desk.js("document.querySelector('#field-demand-type').focus()")
    await desk.see("坏了", "mark.active")
    await desk.fill("#field-place-address", "民治大道 1 号路口")
    await desk.see("1 处未保存的修改")
    await desk.click(".savebar .button-main")
    await desk.see("已保存", ".savebar")
    _, record = await house.get(f"/api/v1/tickets/{call.ticket_id}")
    assert record["place"]["address"] == "民治大道 1 号路口"
    assert record["prefill"]["fields"]["place.address"]["confirmed_by"] == "user:wang"
    await desk.click("button[aria-label='确认“类型”']")
    await desk.see("已确认", "#field-demand-type-notes")


async def test_two_people_in_one_field_are_told_and_nothing_is_lost(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call(LAMP, external_id="lamp")
    await open_ticket(house, desk, call.ticket_id)
    path = f"/api/v1/tickets/{call.ticket_id}"
    await desk.fill("#field-demand-title", "我的标题")
    _, record = await house.get(path)
    headers = {"If-Match": str(record["version"])}
    _, record = await house.ask("PATCH", path, json={"place": {"address": "别处"}}, headers=headers)
    await desk.until(
        lambda: desk.js("return document.querySelector('#field-place-address').value==='别处'"), "no live change"
    )
    await desk.offline(on=True)
    headers = {"If-Match": str(record["version"])}
    await house.ask("PATCH", path, json={"demand": {"title": "别人的标题"}}, headers=headers)
    await desk.offline(on=False)
    await desk.click(".savebar .button-main")
    await desk.see("别人刚刚修改了同一处")
    await desk.see("现在的值：别人的标题")
    assert await desk.js("return document.querySelector('#field-demand-title').value") == "我的标题"
    await desk.click(".savebar .button-main")
    await desk.see("已保存", ".savebar")
    _, record = await house.get(path)
    assert (record["demand"]["title"], record["place"]["address"]) == ("我的标题", "别处")


async def test_words_are_corrected_in_place_and_a_click_on_them_plays_them(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call(LAMP, external_id="lamp", seconds=6)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("00:06", ".player")
    await desk.click(".segment-requester button.stamp")
    await desk.until(lambda: desk.js("return document.querySelector('audio').currentTime>=1"), "the audio did not move")
    await desk.click(".segment-requester .edit")
    await desk.fill(".segment-form textarea", "龙华区民治街道路灯坏了")
    await desk.click(".segment-form .button-main")
    await desk.see("已更正", ".segment-requester")
    await desk.focus_on("更正 00:01")
    _, record = await house.get(f"/api/v1/tickets/{call.ticket_id}")
    assert record["interactions"][0]["transcript"][-1]["corrected_text"] == "龙华区民治街道路灯坏了"


async def test_numbers_are_masked_until_somebody_asks_and_that_is_written_down(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call(LAMP, external_id="lamp")
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("+86 138 **** 8000", ".caller")
    await desk.click(".review .button")
    await desk.see("+86 138 0013 8000", ".caller")
    await desk.see("本次查看已留痕")


async def test_callbacks_are_listed_with_their_time(house: WebHouse, desk: Browser) -> None:
    await desk.open(f"{house.url}/desk/#/callbacks")
    await desk.see("没有待回拨的来电")
    await house.finished_call("", external_id="gone", disposition=Disposition.ABANDONED_IN_FLOW)
    await desk.see("流程中挂断", ".cards")
    await desk.see("还剩 30 分钟", ".cards")
    await desk.click(".cards a")
    await desk.see("未说话", ".ticket-head")


async def test_a_lost_connection_is_told_and_found_again(house: WebHouse, desk: Browser) -> None:
    await desk.see("还没有工单")
    await desk.offline(on=True)
    await desk.see("网络已断开", ".trouble-place")
    await house.contact("断网时来的", event_id="off")
    await desk.offline(on=False)
    await desk.see("断网时来的", ".rows")
    await desk.gone("网络已断开", ".trouble-place")


async def test_an_ended_session_leads_to_the_login_and_back(house: WebHouse, desk: Browser) -> None:
    made = await house.contact()
    await open_ticket(house, desk, made["ticket_id"])
    await house.database.users.add(username="wang", name="Wang", role="agent", password_hash=hash_password(PASSWORD))
    await desk.reload()
    await desk.see("登录坐席台")
    await desk.fill("#username", "wang")
    await desk.fill("#password", PASSWORD)
    await desk.press("Enter")
    await desk.find("#field-demand-type")


async def test_a_ticket_that_is_not_there_is_told_kindly(house: WebHouse, desk: Browser) -> None:
    await desk.open(f"{house.url}/desk/#/tickets/NOPE")
    await desk.see("找不到这件工单")


ASKED = """
window.asked = [];
const ask = window.fetch;
window.fetch = (address, ...rest) => {
  if (String(address).startsWith("/api/v1/tickets?")) window.asked.push([performance.now(), String(address)]);
  return ask(address, ...rest);
};
"""
"""Notes what the list asks for, and when, in ms."""


async def listening(house: WebHouse, desk: Browser) -> None:
    """The list knows of three tickets, the third by an event: what it reads by itself at the beginning is over."""
    for n in range(3):
        await house.contact(f"先来的{n}", event_id=f"first{n}")
        await desk.see(f"{n + 1} 件")


async def test_a_burst_of_events_costs_the_list_two_requests_a_second_for_what_has_changed(
    house: WebHouse, desk: Browser
) -> None:
    await listening(house, desk)
    before = await house.database.reader.last_event_seq()
    await desk.js(ASKED)
    made = await asyncio.gather(*(house.contact(f"第{n}件", event_id=f"n{n}") for n in range(70)))
    patches = (
        house.ask("PATCH", f"/api/v1/tickets/{one['ticket_id']}", json={"demand": {"title": "改过"}}, headers=IF_FIRST)
        for one in made
    )
    assert {status for status, _ in await asyncio.gather(*patches)} == {200}
    assert await house.database.reader.last_event_seq() - before >= 200
    await desk.see("73 件")
    changed = "return [...document.querySelectorAll('.row-text')].filter(e=>e.textContent.includes('改过')).length===70"
    await desk.until(lambda: desk.js(changed), "not every change is shown")
    asked = await desk.js("return window.asked")
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(asked)]
    assert all(gap > 450 for gap in gaps), gaps
    named = [parse_qs(urlsplit(address).query).get("ids", [""])[0].split(",") for _, address in asked]
    assert all(len(ids) <= 70 for ids in named)
    assert {one for ids in named for one in ids} == {one["ticket_id"] for one in made}, "only what had changed"


async def test_the_list_follows_a_ticket_out_of_its_filter_and_into_it(house: WebHouse, desk: Browser) -> None:
    head, member = [await house.contact(f"第{n}件", event_id=f"n{n}") for n in range(2)]
    await desk.see("2 件")
    await desk.js(
        "const s=document.querySelectorAll('.selects select')[1];s.value='registered';"
        "s.dispatchEvent(new Event('change'))"
    )
    await desk.js(ASKED)
    path = f"/api/v1/tickets/{member['ticket_id']}"
    _, record = await house.get(path)
    for verb, body, shown in (("merge", {"into": head["ticket_id"]}, "1 件"), ("unmerge", None, "2 件")):
        _, record = await house.get(path)
        headers = {"If-Match": str(record["version"])}
        assert (await house.ask("POST", f"{path}/actions/{verb}", json=body, headers=headers))[0] == 200
        await desk.see(shown, ".count")
    await desk.see("第1件", ".rows")
    call = house.call(external_id="late")
    await call.open(
        {"name": "hotline", "version": "1"}, house.recordings.location(call.interaction_id, call.started_at)
    )
    await call.answered()
    await call.heard(final("现在才开口", 500, 1800))
    await desk.see("现在才开口", ".rows")
    await desk.see("3 件", ".count")


async def test_what_happened_while_the_line_was_cut_is_read_from_where_it_was_cut(
    house: WebHouse, desk: Browser
) -> None:
    await listening(house, desk)
    await desk.offline(on=True)
    await desk.see("网络已断开", ".trouble-place")
    made = await house.contact("断线时", event_id="while")
    await desk.js(ASKED)
    await desk.offline(on=False)
    await desk.see("断线时", ".rows")
    assert {parse_qs(urlsplit(one).query).get("ids", [""])[0] for _, one in await desk.js("return window.asked")} == {
        made["ticket_id"]
    }


async def test_what_citizens_say_is_text_and_never_markup(house: WebHouse, desk: Browser) -> None:
    evil = "<img src=x onerror=window.hit=1><script>window.hit=1</script>路灯坏了"
    made = await house.contact(evil, requester={"kind": "citizen", "name": "<b onclick=window.hit=1>王五</b>"})
    await desk.see("<script>", ".rows")
    await open_ticket(house, desk, made["ticket_id"])
    await desk.see("<script>", ".messages")
    assert await desk.js("return window.hit||0") == 0
    assert [one for one in await desk.complaints() if "Content Security Policy" in one] == []


async def test_a_change_by_a_machine_reaches_an_open_form(house: WebHouse, desk: Browser) -> None:
    made = await house.contact("路灯坏了")
    await open_ticket(house, desk, made["ticket_id"])
    await house.database.changes.execute(
        Change(
            ticket_id=made["ticket_id"],
            ticket_fields={("demand", "urgency"): {"level": "urgent", "reason": "x"}},
            events=(NewEvent(type="ticket.corrected", at=house.clock.now()),),
        )
    )
    await desk.see("紧急", ".ticket-chips")
