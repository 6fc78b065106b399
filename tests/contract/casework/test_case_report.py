"""A city's own case system reports: repeats and older updates move nothing, a bare open is no news."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from gateway.casework.case_report import TakeCaseReport
from gateway.casework.case_work import WorkOnCase
from gateway.domain.case.reported import CaseReport, Reported
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied
from gateway.domain.ids import rfc3339
from gateway.domain.keys import ExternalKey
from gateway.errors import Conflict, RejectedInput
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract


@dataclass
class CaseSystem:
    """The other side, about one ticket."""

    office: Office
    ids: Any = field(default_factory=count)

    async def says(self, status: str, minutes: float, text: str | None = None, *, key: str | None = None) -> Applied:
        at = NOON + timedelta(minutes=minutes)
        nth = next(self.ids)
        return await self.office.db.changes.execute(
            TakeCaseReport(
                at=NOON + timedelta(days=1, minutes=nth),
                actor="token:cases",
                ticket_id=self.office.ticket_id,
                report=CaseReport(status=Reported(status), at=at, note_id=f"r{nth}", text=text),
                keys=(ExternalKey(channel_id=":case_system", external_id=key or f"k{nth}"),),
            )
        )

    async def stands(self) -> tuple[str, int]:
        record = await self.office.record()
        return record["status"], record["handling"]["reopened"]


@pytest.fixture
async def system(db: Database) -> CaseSystem:
    office = Office(db)
    await office.registered()
    return CaseSystem(office)


async def test_the_status_moves_on_with_what_is_done_there(system: CaseSystem) -> None:
    for minutes, status in enumerate(("dispatched", "signed", "handling")):
        await system.says(status, minutes)
        assert await system.stands() == (status, 0)
    await system.says("replied", 5, "已修好")
    record = await system.office.record()
    assert (record["status"], record["outcome"]["public_reply"]) == ("replied", "已修好")
    types = await system.office.types()
    assert types[-4:] == ["case.reported", "case.replied", "clock.started", "reply.due"]


@pytest.mark.parametrize("first", ["dispatched", "signed", "handling"])
async def test_what_happened_there_at_once_needs_no_steps_here(system: CaseSystem, first: str) -> None:
    await system.says(first, 1)
    assert await system.stands() == (first, 0)
    await system.says("replied", 2, "已修好")
    assert await system.stands() == ("replied", 0)


async def test_the_same_update_twice_is_one(system: CaseSystem) -> None:
    await system.says("handling", 1, "师傅在路上", key="u1")
    again = await system.says("handling", 1, "师傅在路上", key="u1")
    assert again.replayed
    assert (await system.office.types()).count("case.reported") == 1


async def test_an_older_update_never_moves_the_state_back(system: CaseSystem) -> None:
    await system.says("replied", 60, "已修好")
    await system.says("handling", 0, "还在修")
    assert await system.stands() == ("replied", 0)
    events = await system.office.db.reader.events(ticket_id=system.office.ticket_id)
    assert [one["data"].get("late", False) for one in events if one["type"] == "case.reported"] == [False, True]
    await system.says("signed", 30)
    await system.says("open", 59)
    assert await system.stands() == ("replied", 0)


async def test_an_older_update_never_takes_back_what_was_said_here(system: CaseSystem) -> None:
    async def here(minutes: float, verb: CaseVerb, **more: Any) -> None:
        about: dict[str, Any] = {"actor": "user:li", "ticket_id": system.office.ticket_id, "note_id": f"h{minutes}"}
        at = NOON + timedelta(minutes=minutes)
        await system.office.db.changes.execute(WorkOnCase(at=at, verb=verb, **about, **more))

    await here(60, CaseVerb.REPLY, text="已修好")
    await system.says("handling", 10)
    assert await system.stands() == ("replied", 0), "it was answered later than that"
    await here(120, CaseVerb.REOPEN, reason="not_solved")
    await system.says("replied", 90, "当时修好了")
    assert await system.stands() == ("classified", 1), "it was reopened later than that"
    await system.says("replied", 121, "这次真修好了")
    assert await system.stands() == ("replied", 1)
    await here(130, CaseVerb.EVALUATE, satisfied=5)
    await here(140, CaseVerb.ARCHIVE, reason="evaluated")
    await system.says("handling", 135)
    assert await system.stands() == ("archived", 1), "it was put away later than that"
    events = await system.office.db.reader.events(ticket_id=system.office.ticket_id)
    told = [one["data"].get("late", False) for one in events if one["type"] == "case.reported"]
    assert told == [True, True, False, True]


async def test_begun_there_is_a_response_and_handed_on_is_none(system: CaseSystem) -> None:
    urgent = CorrectTicket(
        at=NOON,
        actor="user:li",
        ticket_id=system.office.ticket_id,
        values={"demand.urgency": {"level": "urgent"}},
        told=("demand.urgency",),
    )
    await system.office.db.changes.execute(urgent)
    await system.says("dispatched", 1)
    await system.says("signed", 2)
    assert (await system.office.clock("respond"))["met_at"] is None
    await system.says("handling", 3)
    clock = await system.office.clock("respond")
    assert (clock["met_at"], clock["breached_at"]) == (rfc3339(NOON + timedelta(minutes=3)), None)


async def test_a_newer_update_opens_it_again(system: CaseSystem) -> None:
    await system.says("replied", 60, "已修好")
    await system.says("open", 61)
    assert await system.stands() == ("handling", 1)
    await system.says("replied", 62, "这次真修好了")
    assert await system.stands() == ("replied", 1)


async def test_a_bare_open_of_what_is_open_changes_nothing(system: CaseSystem) -> None:
    await system.says("handling", 1)
    before = await system.office.types()
    for minutes, status in ((2, "open"), (3, "handling"), (4, "signed"), (5, "dispatched")):
        assert (await system.says(status, minutes)).skipped
    assert await system.office.types() == before
    await system.says("open", 6, "等配件")
    assert await system.stands() == ("handling", 0)
    assert (await system.office.types())[len(before) :] == ["case.reported"]


async def test_a_reply_has_words(system: CaseSystem) -> None:
    with pytest.raises(RejectedInput, match="takes a text"):
        await system.says("replied", 1)


async def test_units_of_ours_are_not_overruled(system: CaseSystem) -> None:
    (task,) = await system.office.dispatched("M02")
    await system.office.do("sign", task)
    with pytest.raises(Conflict, match="M02 acts on this ticket here"):
        await system.says("handling", 1)
    await system.says("open", 2, "我方也在看")
    clock = await system.office.clock("reply")
    assert clock["met_at"] is None, "what is said about it is not what the unit did"


async def test_what_was_withdrawn_takes_in_nothing(system: CaseSystem) -> None:
    office = system.office
    gone = WithdrawTicket(at=NOON, actor="user:li", ticket_id=office.ticket_id, version=1, reason="settled")
    await office.db.changes.execute(gone)
    with pytest.raises(Conflict, match="withdrawn"):
        await system.says("handling", 1, "开工")
