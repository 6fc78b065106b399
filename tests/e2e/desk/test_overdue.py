"""挂账 at the desk: what was not done in time and still is not, of all units or of one, wide and narrow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.casework.case_work import WorkOnCase
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import new_ulid
from tests.e2e.desk.test_accessible import picture, sound
from tests.support.browser import Browser
from tests.support.cases import adopt_tables, classify, left_unsigned
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e
LATE = (
    ("国贸路的路灯坏了三天", "M07", timedelta(hours=9)),
    ("海甸岛的水池没人清理", "M02", timedelta(hours=5)),
    ("龙昆南路的路灯不亮", "M07", timedelta(hours=2)),
)


async def pressed(house: WebHouse, ticket_id: str) -> None:
    """督办."""
    await house.database.changes.execute(
        WorkOnCase(
            at=house.clock.now(),
            actor="user:wang",
            ticket_id=ticket_id,
            verb=CaseVerb.SUPERVISE,
            reason="overdue",
            note_id=new_ulid(),
        )
    )


async def choose(desk: Browser, unit: str) -> None:
    await desk.js(
        f"const s = document.querySelector('.task-filters select'); s.value = '{unit}';"
        "s.dispatchEvent(new Event('change', {bubbles: true}));"
    )


async def test_what_is_overdue_stands_on_its_page_with_its_supervision(house: WebHouse, desk: Browser) -> None:
    await adopt_tables(house)
    tickets = []
    for said, unit, ago in LATE:
        call = await house.finished_call(said, external_id=said)
        await classify(house, call.ticket_id)
        await left_unsigned(house, call.ticket_id, unit, ago)
        tickets.append(call.ticket_id)
    await pressed(house, tickets[0])
    await desk.js("location.hash = '#/overdue'")
    await desk.see("共 3 项", ".page-head")
    await desk.see("已督办 1 次", ".cards > li:nth-child(1)")
    await desk.see("尚未督办", ".cards > li:nth-child(2)")
    await desk.see("市政管理局 · 签收", ".cards > li:nth-child(3)")
    await sound(desk, "overdue")
    await picture(desk, "overdue-1440")
    await choose(desk, "M02")
    await desk.see("共 1 项", ".page-head")
    await desk.see("市水务局", ".cards")
    await desk.gone("市政管理局", ".cards")
    await choose(desk, "")
    await desk.see("共 3 项", ".page-head")
    await desk.resize(360, 780)
    await desk.dark(on=True)
    await sound(desk, "overdue on a telephone, dark")
    await picture(desk, "overdue-360")
    await desk.js("""document.querySelector("button[aria-label='Switch to English']").focus()""")
    await desk.press("Enter")
    await desk.see("3 in all", ".page-head")
    await desk.see("supervised once", ".cards")
    await sound(desk, "overdue in English")
    await desk.click(".cards a")
    await desk.until(lambda: desk.js(f"return location.hash.includes('{tickets[0]}')"), "the link leads elsewhere")
    await pressed(house, tickets[1])
    await desk.js("location.hash = '#/overdue'")
    await desk.see("supervised once", ".cards > li:nth-child(2)")
