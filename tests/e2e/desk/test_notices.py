"""At the desk: a ticket's page says which units were told of it, and by which way units conferred about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.casework.case_work import CaseVerb, WorkOnCase
from gateway.casework.dispatch import DispatchTicket
from gateway.domain.case.case import Offer
from gateway.domain.case.receivers import NoticeWay
from gateway.domain.events import ClockBreached
from gateway.domain.task_status import Role
from gateway.ports.notices import NewNotice, Pace
from tests.e2e.desk.test_accessible import sound
from tests.e2e.desk.test_form import open_ticket
from tests.support.browser import Browser
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.e2e


async def test_who_was_told_of_a_ticket_and_how_units_conferred(house: WebHouse, desk: Browser) -> None:
    call = await house.finished_call("龙华区的路灯坏了", external_id="lamp")
    now = datetime.now(UTC)
    await house.database.changes.execute(
        DispatchTicket(
            at=now,
            actor="user:wang",
            ticket_id=call.ticket_id,
            offers=(Offer(task_id="k", unit="M07", role=Role.LEAD),),
            stage="function",
            directory="directory:1",
            policy="policy:0",
        )
    )
    await house.database.changes.execute(
        WorkOnCase(
            at=now,
            actor="user:wang",
            ticket_id=call.ticket_id,
            verb=CaseVerb.CONFER,
            way="document",
            units=("M07", "M02"),
            note_id="n",
        )
    )
    _, record = await house.get(f"/api/v1/tickets/{call.ticket_id}", "admin")
    notices = house.database.unit_notices
    for way, address in ((NoticeWay.SMS, "+8613800000001"), (NoticeWay.EMAIL, "gone@m07.example")):
        await notices.add(
            [
                NewNotice(
                    event_seq=1,
                    unit="M07",
                    way=way,
                    address=address,
                    ticket_id=call.ticket_id,
                    ticket_no=record["ticket_no"],
                    type=ClockBreached.TYPE,
                    clock_kind="sign",
                    task_id="k",
                    urgent=False,
                    at=now,
                    due_at=now,
                )
            ]
        )
    (mail,) = await notices.take("w", [NoticeWay.EMAIL], Pace(urgent_s=0, ordinary_s=0), limit=1, lease_s=60)
    await notices.dead(mail, now, "550 no such mailbox")
    await open_ticket(house, desk, call.ticket_id)
    await desk.click(".told summary")
    await desk.see("短信 +8613800000001", ".told")
    await desk.see("无法送达：550 no such mailbox", ".told")
    await sound(desk, "notices")
    await desk.click(".history:not(.told) summary")
    await desk.see("联动会商 · wang：发文 · M07, M02", ".history:not(.told)")
