"""The case panel of the ticket page: the suggestion with its reason, units and limits, verbs, by keyboard alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.edge.case_policy import read_case_policy
from tests.e2e.desk.test_accessible import ROOT, picture, sound
from tests.e2e.desk.test_form import open_ticket, record
from tests.support.browser import Browser
from tests.support.cases import adopt_tables, classify
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def focus(desk: Browser, label: str) -> None:
    """Give the focus to the button of the panel that says ``label``."""
    found = f"[...document.querySelectorAll('.case button')].find((one) => one.textContent.trim() === '{label}')"
    await desk.until(lambda: desk.js(f"return Boolean({found})"), f"no button says {label}")
    await desk.js(f"{found}.focus()")


async def test_a_case_is_dispatched_and_worked_on_with_the_keyboard_alone(house: WebHouse, desk: Browser) -> None:
    await adopt_tables(house)
    call = await house.finished_call("国贸路的路灯坏了三天", external_id="lamp")
    await classify(house, call.ticket_id)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("派单目录规定由该单位承办", ".case-advice")
    await sound(desk, "case suggested")
    await focus(desk, "派给 市政管理局")
    await desk.press("Enter")
    await desk.see("待签收", ".case-tasks")
    await desk.see("已派单", ".ticket-chips")
    await desk.see("签收", ".case-clocks")
    await sound(desk, "case dispatched")
    await focus(desk, "签收")
    await desk.press("Enter")
    await desk.see("确认签收", ".ask")
    await desk.press("Escape")
    await desk.gone("确认签收")
    await desk.until(lambda: desk.js("return document.activeElement.id === 'case-title'"), "the focus is lost")
    await focus(desk, "签收")
    await desk.press("Enter")
    await desk.see("确认签收", ".ask")
    await desk.click(".ask .button-main")
    await desk.see("已签收", ".case-tasks")
    await focus(desk, "答复")
    await desk.press("Enter")
    await desk.see("问题已解决", ".ask")
    await desk.fill(".ask textarea", "路灯已修好")
    await sound(desk, "case asked")
    await desk.click(".ask .button-main")
    await desk.see("已审核", ".case-tasks")
    await desk.see("路灯已修好", ".case-trace")
    await sound(desk, "case answered")
    await desk.js("document.getElementById('case-title').scrollIntoView()")
    await picture(desk, "case-1440")
    told = await record(house, call)
    assert [(one["unit"], one["status"]) for one in told["handling"]["units"]] == [("M07", "accepted")]
    assert (told["status"], told["outcome"]["public_reply"]) == ("replied", "路灯已修好")
    await desk.see("已答复", ".ticket-chips")


async def test_what_nobody_is_named_for_is_left_to_the_centre_which_chooses(house: WebHouse, desk: Browser) -> None:
    await adopt_tables(house)
    call = await house.finished_call("有人反映一件说不清的事情", external_id="unclear")
    await classify(house, call.ticket_id, "0801")
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("不能确定承办单位", ".case-advice")
    await focus(desk, "交中心裁定")
    await desk.press("Enter")
    await desk.see("待中心裁定承办单位", ".case")
    assert (await record(house, call))["status"] == "classified"
    await desk.js("location.hash = '#/waiting'")
    await desk.see("派单裁定", ".cards")
    await sound(desk, "waiting")
    await desk.click(".cards a")
    await desk.see("待中心裁定承办单位", ".case")
    await desk.gone("交中心裁定")
    await focus(desk, "另选单位…")
    await desk.press("Enter")
    await desk.see("确认派单", ".ask")
    for name, value in (("0", "M02"), ("1", "unclear_duty")):
        await desk.js(
            f"const s = document.querySelectorAll('.ask select')[{name}]; s.value = '{value}';"
            "s.dispatchEvent(new Event('change', {bubbles: true}));"
        )
    await desk.click(".ask .button-main")
    await desk.see("待签收", ".case-tasks")
    told = await record(house, call)
    assert (told["handling"]["lead_unit"], told["handling"]["routing_trace"][-1]["rule"]) == ("M02", "unclear_duty")


async def test_a_case_that_cannot_be_read_says_so_and_is_read_again(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call("国贸路的路灯坏了三天", external_id="lamp")
    broken = {"urls": ["*/case"]}
    await desk.cdp("Network.enable", {})
    await desk.cdp("Network.setBlockedURLs", broken)
    await open_ticket(house, desk, call.ticket_id)
    await desk.see("载入失败", ".case [role=alert]")
    await desk.cdp("Network.setBlockedURLs", {"urls": []})
    await focus(desk, "重试")
    await desk.press("Enter")
    await desk.see("联动会商", ".case")
    await desk.gone("载入失败", ".case")


async def chosen(desk: Browser, label: str, *values: str) -> None:
    """Choose ``values`` in the field of the question that is called so."""
    await desk.js(
        f"const s = [...document.querySelectorAll('.ask label')].find((one) => one.textContent.includes('{label}'))"
        f".querySelector('select'); for (const one of s.options) one.selected = {list(values)}.includes(one.value);"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
    )


async def test_after_a_return_the_tables_speak_again_and_one_dispatch_names_those_beside(
    house: WebHouse, desk: Browser
) -> None:
    await adopt_tables(house)
    call = await house.finished_call("国贸路的路灯坏了三天", external_id="lamp")
    await classify(house, call.ticket_id)
    await open_ticket(house, desk, call.ticket_id)
    await focus(desk, "派给 市政管理局")
    await desk.press("Enter")
    await desk.see("待签收", ".case-tasks")
    await focus(desk, "退单")
    await desk.press("Enter")
    await desk.see("确认退单", ".ask")
    await desk.click(".ask .button-main")
    await desk.see("退单待审", ".case-tasks")
    await focus(desk, "审核通过")
    await desk.press("Enter")
    await desk.click(".ask .button-main")
    await desk.see("派单目录规定由该单位承办", ".case-advice")
    await desk.see("同意退单（wang", ".case-tasks")
    await desk.see("本单位用时", ".case-tasks")
    await desk.gone("派给 市政管理局", ".case-advice")
    await focus(desk, "另选单位…")
    await desk.press("Enter")
    await chosen(desk, "单位", "M02")
    await chosen(desk, "理由", "returned")
    await chosen(desk, "协办单位", "D08", "M07")
    await chosen(desk, "职责交叉", "function")
    await sound(desk, "dispatch with units beside")
    await desk.click(".ask .button-main")
    await desk.see("协办", ".case-tasks")
    handling = (await record(house, call))["handling"]
    assert handling["crossing"] == "function"
    assert [(one["unit"], one["role"]) for one in handling["units"][1:]] == [
        ("M02", "lead"),
        ("M07", "joint"),
        ("D08", "joint"),
    ]


async def test_who_is_informed_is_offered_the_script_of_the_reason(house: WebHouse, desk: Browser) -> None:
    policy = read_case_policy(ROOT / "config" / "case_policy.yaml")
    house.database.changes.go_by(replace(house.case_tables.rules, policy=policy))
    house.case_tables.rules = replace(house.case_tables.rules, policy=policy)
    call = await house.finished_call("法院判了我不服", external_id="court")
    await open_ticket(house, desk, call.ticket_id)
    await focus(desk, "告知")
    await desk.press("Enter")
    text = "return document.querySelector('.ask textarea').value"
    assert await desk.js(text) == policy.scripts["litigation"].zh
    await chosen(desk, "理由", "petition")
    await desk.until(lambda: desk.js(f"{text}.includes('信访渠道')"), "the script does not follow the reason")
    await desk.fill(".ask textarea", "请找法院。")
    await chosen(desk, "理由", "discipline")
    assert await desk.js(text) == "请找法院。", "own words stay"
    await desk.click(".ask .button-main")
    await desk.see("已告知", ".ticket-chips")
    assert (await record(house, call))["outcome"]["public_reply"] == "请找法院。"
