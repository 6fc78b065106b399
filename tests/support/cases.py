"""A small city's tables of units, for a house that serves HTTP."""

from __future__ import annotations

from datetime import timedelta

from gateway.casework.catalogues import Catalogues
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.fire_clock import FireClock
from gateway.domain.case.case import Offer
from gateway.domain.case.dispatch import DispatchReason, DispatchStage
from gateway.domain.case.policy import ClockKind
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.task_status import Role
from tests.support.web_house import WebHouse

UNITS = """code,name_zh,name_en,kind,parent
M02,市水务局,Water,department,
M07,市政管理局,Roads,department,
D08,美兰区,Meilan,district,
T1,灵山镇,Lingshan,town,D08
"""
TABLE = "category,division,line,unit,role\n0402,*,*,M07,lead\n0101,*,*,M02,lead\n"
CATEGORIES = {"0402": "路灯", "0101": "停水"}


async def adopt_tables(house: WebHouse) -> None:
    """``UNITS`` and ``TABLE`` are in force from now on."""
    catalogues = Catalogues(store=house.database.catalogues, clock=house.clock, categories=CATEGORIES, divisions={})
    await catalogues.adopt({"units.csv": UNITS.encode(), "dispatch.csv": TABLE.encode()}.get)
    assert await house.case_tables.refresh()


async def classify(house: WebHouse, ticket_id: str, code: str = "040201") -> None:
    """A complaint of this category, as a person says."""
    path = f"/api/v1/tickets/{ticket_id}"
    _, record = await house.get(path)
    status, body = await house.ask(
        "PATCH",
        path,
        headers={"If-Match": f'"{record["version"]}"'},
        json={"demand": {"type": "complaint", "category": {"code": code}}},
    )
    assert status == 200, body


async def left_unsigned(house: WebHouse, ticket_id: str, unit: str, ago: timedelta) -> None:
    """``unit`` has the ticket since then, and has not signed it in time."""
    at = house.clock.now() - ago
    offer = Offer(task_id=new_ulid(), unit=unit, role=Role.LEAD)
    dispatch = DispatchTicket(
        at=at,
        actor="user:wang",
        ticket_id=ticket_id,
        offers=(offer,),
        stage=DispatchStage.FUNCTION.value,
        rule=DispatchReason.NAMED.value,
        directory="directory:1",
        policy="policy:0",
    )
    await house.database.changes.execute(dispatch)
    record = await house.database.reader.ticket(ticket_id)
    (clock,) = [one for one in record["handling"]["clocks"] if one["kind"] == ClockKind.SIGN]
    due = from_rfc3339(clock["next_at"])
    await house.database.changes.execute(
        FireClock(at=due, ticket_id=ticket_id, clock_id=clock["clock_id"], next_at=due)
    )
