"""联动会商: six ways, each logged; a talk's words lie in a note, never in an event."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from gateway.casework.case_work import WorkOnCase
from gateway.domain.case.reasons import ConferWay
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied
from gateway.errors import Conflict, RejectedInput
from gateway.storage import tables as t
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = pytest.mark.contract


async def conferred(office: Office, note_id: str = "talk", **more: Any) -> Applied:
    """Log one talk about the office's ticket."""
    given = {"way": "phone", "units": ("M02", "M07"), "text": "张三说水管爆了，请住建局一同到场", **more}
    return await office.db.changes.execute(
        WorkOnCase(at=NOON, actor="user:li", ticket_id=office.ticket_id, verb=CaseVerb.CONFER, note_id=note_id, **given)
    )


@pytest.fixture
async def office(db: Database) -> Office:
    made = Office(db)
    await made.registered()
    return made


@SQL_ALONE
async def test_six_ways_of_joint_handling_are_logged(office: Office) -> None:
    assert list(ConferWay) == ["system", "phone", "sms", "app", "wechat_group", "document"]
    for way in ConferWay:
        await conferred(office, f"talk-{way}", way=way.value)
    told = [one for one in await office.db.reader.events(ticket_id=office.ticket_id) if one["type"] == "case.conferred"]
    assert [one["data"]["way"] for one in told] == list(ConferWay)
    assert {(one["actor"], tuple(one["data"]["units"])) for one in told} == {("user:li", ("M02", "M07"))}
    assert "张三" not in str(told)
    notes = await office.db.sql.read(lambda c: c.execute(sa.select(t.case_notes)).mappings().all())
    assert {one["note_id"] for one in notes} == {one["data"]["note_id"] for one in told}
    assert {(one["kind"], one["author"], one["text"][:2]) for one in notes} == {("talk", "user:li", "张三")}


async def test_a_seventh_way_and_a_talk_with_nobody_are_refused(office: Office) -> None:
    with pytest.raises(RejectedInput, match=r"way cannot be 'fax'.*wechat_group"):
        await conferred(office, way="fax")
    with pytest.raises(RejectedInput, match="units"):
        await conferred(office, units=())
    assert "case.conferred" not in await office.types()


async def test_a_unit_named_twice_took_part_once(office: Office) -> None:
    await conferred(office, units=("M02", "M02"))
    (told,) = [
        one for one in await office.db.reader.events(ticket_id=office.ticket_id) if one["type"] == "case.conferred"
    ]
    assert told["data"]["units"] == ["M02"]


async def test_nobody_confers_about_what_is_closed(office: Office) -> None:
    inform = WorkOnCase(
        at=NOON, actor="user:li", ticket_id=office.ticket_id, verb=CaseVerb.INFORM, reason="petition", note_id="n"
    )
    await office.db.changes.execute(inform)
    with pytest.raises(Conflict, match="conferred"):
        await conferred(office)
