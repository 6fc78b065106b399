"""``GET /tickets/{ticket}/notices``: who was told of a ticket; addresses for the desk alone, robots' for nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.case.receivers import ROBOTS, NoticeWay
from gateway.domain.events import TaskOffered
from gateway.ports.notices import NewNotice, Pace
from tests.support.web_house import WebHouse

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)


async def told(house: WebHouse) -> dict[str, str]:
    """A ticket of which two addresses are told, one in vain."""
    ticket = await house.contact()
    for seq, (way, address) in enumerate(
        ((NoticeWay.EMAIL, "gone@water.example"), (NoticeWay.WECOM, f"{ROBOTS}k1")), 1
    ):
        notice = NewNotice(
            event_seq=seq,
            unit="M02",
            way=way,
            address=address,
            ticket_id=ticket["ticket_id"],
            ticket_no=ticket["ticket_no"],
            type=TaskOffered.TYPE,
            clock_kind=None,
            task_id="k",
            urgent=True,
            at=NOW,
            due_at=NOW,
        )
        await house.database.unit_notices.add([notice])
    pace = Pace(urgent_s=0, ordinary_s=0)
    (letter,) = await house.database.unit_notices.take("w", [NoticeWay.EMAIL], pace, limit=1, lease_s=60)
    await house.database.unit_notices.dead(letter, NOW, "550 <gone@water.example> unknown")
    return ticket


async def test_who_was_told_of_a_ticket_and_what_became_of_it(house: WebHouse) -> None:
    ticket = await told(house)
    for named in (ticket["ticket_id"], ticket["ticket_no"]):
        status, answer = await house.get(f"/api/v1/tickets/{named}/notices", "admin")
        assert status == 200
        robot, mail = answer["items"]
        assert (mail["unit"], mail["way"], mail["address"]) == ("M02", "email", "gone@water.example")
        assert (mail["dead_at"], mail["error"]) == ("2026-11-30T01:00:00.000Z", "550 <gone@water.example> unknown")
        assert (robot["way"], robot["address"], robot["next_at"]) == ("wecom", None, "2026-11-30T01:00:00.000Z")


async def test_programs_see_no_address_and_strangers_nothing(house: WebHouse) -> None:
    ticket = await told(house)
    status, answer = await house.get(f"/api/v1/tickets/{ticket['ticket_id']}/notices", "reader")
    assert status == 200
    assert "water.example" not in str(answer)
    assert "webhook" not in str(answer)
    assert [(one["address"], one["error"]) for one in answer["items"]] == [(None, None)] * 2
    assert (await house.get(f"/api/v1/tickets/{ticket['ticket_id']}/notices", "contacts"))[0] == 403
    assert (await house.get("/api/v1/tickets/20261130-0009999/notices", "admin"))[0] == 404
