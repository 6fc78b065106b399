"""The case panel says how each reply reached its requester, and which reply an evaluation judges; in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.callback_work import Verb
from tests.e2e.desk.test_accessible import picture, sound
from tests.e2e.desk.test_form import open_ticket
from tests.support.browser import Browser
from tests.support.cases import adopt_tables, classify
from tests.support.centre import Centre
from tests.support.clocks import SetClock
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e
FIRST, SECOND = ".case-replies > li:nth-child(1)", ".case-replies > li:nth-child(2)"


async def replied_twice(house: WebHouse) -> str:
    """A text that did not arrive, a call, discontent, a second reply that is judged well; the ticket's id."""
    await adopt_tables(house)
    centre = Centre(house.database, SetClock(datetime.now(UTC)))
    await centre.follow()
    call = await house.finished_call("国贸路的路灯坏了三天", external_id="lamp")
    ticket = call.ticket_id
    await classify(house, ticket)
    await centre.replied(ticket, "已派人查看，配件三天后到货")
    await centre.delivery(ticket, "failed", "no such number")
    centre.clock.at += timedelta(hours=1)
    (owed,) = await centre.calls()
    await centre.call(owed, Verb.CLAIM)
    await centre.call(owed, Verb.DONE, "reached")
    await centre.do("evaluate", ticket, satisfied=2, text="还是黑的")
    await centre.do("reopen", ticket, reason="dissatisfied")
    centre.clock.at += timedelta(days=1)
    await centre.replied(ticket, "路灯已修好")
    centre.clock.at += timedelta(minutes=2)
    await centre.delivery(ticket, "delivered")
    await centre.do("evaluate", ticket, satisfied=5, channel="sms")
    return ticket


async def test_ways_of_replies_and_the_reply_that_each_evaluation_judges(house: WebHouse, desk: Browser) -> None:
    ticket = await replied_twice(house)
    await open_ticket(house, desk, ticket)
    for told in (
        "第 1 次答复",
        "已当面或电话告知",
        "回拨",
        "未成功的方式：短信",
        "2 分",
        "不满意",
        "还是黑的",
        "首次评价",
    ):
        await desk.see(told, FIRST)
    for told in ("第 2 次答复", "已送达", "短信", "没有可回复的来信渠道", "送达时间", "5 分", "很满意", "最终评价"):
        await desk.see(told, SECOND)
    await desk.gone("满意", "#rating-title")
    await sound(desk, "replies")
    await desk.js("document.getElementById('replies-title').scrollIntoView()")
    await picture(desk, "replies-1440")
    await desk.resize(360, 780)
    await desk.dark(on=True)
    await desk.reload()
    await desk.see("第 2 次答复", SECOND)
    await sound(desk, "replies on a telephone, dark")
    await desk.js("document.getElementById('replies-title').scrollIntoView()")
    await picture(desk, "replies-360")
    await desk.js("""document.querySelector("button[aria-label='Switch to English']").focus()""")
    await desk.press("Enter")
    for told in ("Reply 1", "Told by a person", "Ways that came to nothing: SMS", "Of the first reply", "Dissatisfied"):
        await desk.see(told, FIRST)
    for told in ("Reply 2", "Delivered", "Of a later reply", "Very satisfied"):
        await desk.see(told, SECOND)
    await sound(desk, "replies in English")


async def test_a_reply_that_stands_with_another_ticket_leads_there(house: WebHouse, desk: Browser) -> None:
    centre = Centre(house.database, SetClock(datetime.now(UTC)))
    await centre.follow()
    calls = [await house.finished_call("国贸路的路灯坏了", external_id=one, user="13800138000") for one in ("a", "b")]
    head, other = (call.ticket_id for call in calls)
    await centre.merged(other, head)
    await centre.replied(head, "路灯已修好")
    await open_ticket(house, desk, other)
    await desk.see("与其另一工单一并告知", FIRST)
    await sound(desk, "replies of a merged ticket")
    await desk.js("document.querySelector('.case-replies a').focus()")
    await desk.focus_on("所答复的工单")
    await desk.press("Enter")
    await desk.until(lambda: desk.js("return location.hash.endsWith(arguments[0])", head), "it does not lead there")
