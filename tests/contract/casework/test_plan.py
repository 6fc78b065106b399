"""What the city's plan says about cases, through the store: rows, lists and the log say the same as the domain."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from gateway.casework.case_work import WorkOnCase
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.fire_clock import FireClock
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Command
from gateway.domain.ids import from_rfc3339
from gateway.domain.task_status import Role, TaskVerb
from gateway.errors import Conflict, StaleVersion
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.storage.database import Database
from tests.contract.storage.changes import written
from tests.support.casework import SHIPPED, on
from tests.support.city_days import ByRules
from tests.support.clocks import SetClock
from tests.support.stores import SQL_ALONE

pytestmark = pytest.mark.contract


@dataclass
class Hotline:
    """Commands by the shipped policy, at instants."""

    db: Database
    ids: Any = field(default_factory=count)

    async def do(self, command: Command) -> Applied:
        return await self.db.changes.execute(ByRules(command, SHIPPED))

    async def registered(self, at: str) -> str:
        fields = {("demand", "type"): "complaint"}
        change = written(f"m{next(self.ids)}", at=on(at), content="楼道灯不亮", fields=fields)
        return (await self.db.changes.execute(change)).ticket_id

    async def dispatched(self, at: str, ticket_id: str, *units: str) -> list[str]:
        offers = tuple(
            Offer(task_id=f"k{next(self.ids)}", unit=unit, role=Role.JOINT if nth else Role.LEAD)
            for nth, unit in enumerate(units)
        )
        about: dict[str, Any] = {"stage": "function", "directory": "directory:1", "policy": "policy:1"}
        await self.do(DispatchTicket(at=on(at), actor="user:li", ticket_id=ticket_id, offers=offers, **about))
        return [offer.task_id for offer in offers]

    async def task(self, at: str, ticket_id: str, task_id: str, verb: TaskVerb, **more: Any) -> Applied:
        note_id = f"n{next(self.ids)}"
        about: dict[str, Any] = {"ticket_id": ticket_id, "task_id": task_id, "verb": verb, "note_id": note_id}
        return await self.do(WorkOnTask(at=on(at), actor="user:li", **about, **more))

    async def case(self, at: str, ticket_id: str, verb: CaseVerb, **more: Any) -> Applied:
        about: dict[str, Any] = {"ticket_id": ticket_id, "verb": verb, "note_id": f"n{next(self.ids)}"}
        return await self.do(WorkOnCase(at=on(at), actor="user:li", **about, **more))

    async def time_passes(self, until: str) -> None:
        """Everything that is due by then, of all tickets, each at its own time."""
        while due := [one for one in await self.next_ats() if one[0] <= on(until)]:
            at, ticket_id, clock_id = min(due)
            await self.do(FireClock(at=at, ticket_id=ticket_id, clock_id=clock_id, next_at=at))

    async def next_ats(self) -> list[tuple[datetime, str, str]]:
        tickets = {event["ticket_id"] for event in await self.db.reader.events()}
        records = [await self.db.reader.ticket(ticket_id) for ticket_id in sorted(tickets)]
        return [
            (from_rfc3339(clock["next_at"]), record["ticket_id"], clock["clock_id"])
            for record in records
            for clock in record["handling"]["clocks"]
            if clock["next_at"]
        ]

    async def statuses(self, ticket_id: str) -> tuple[str, list[str]]:
        record = await self.db.reader.ticket(ticket_id)
        return record["status"], [task["status"] for task in record["handling"]["units"]]

    async def types(self, ticket_id: str) -> list[str]:
        return [event["type"] for event in await self.db.reader.events(ticket_id=ticket_id)]


@pytest.fixture
def hotline(db: Database) -> Hotline:
    return Hotline(db)


async def test_the_loop_goes_in_its_order_and_no_step_is_left_out(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    (task,) = await hotline.dispatched("12-01 09:01", ticket, "M01")
    for verb, more in (
        (CaseVerb.REPLY, {"text": "修好了"}),
        (CaseVerb.EVALUATE, {"satisfied": 5}),
        (CaseVerb.ARCHIVE, {"reason": "evaluated"}),
        (CaseVerb.REOPEN, {"reason": "not_solved"}),
    ):
        before = await hotline.types(ticket)
        with pytest.raises(Conflict):
            await hotline.case("12-01 09:02", ticket, verb, **more)
        assert await hotline.types(ticket) == before
    await hotline.task("12-01 09:10", ticket, task, TaskVerb.SIGN)
    await hotline.task("12-01 09:50", ticket, task, TaskVerb.REPLY, text="修好了")
    await hotline.case("12-01 10:05", ticket, CaseVerb.EVALUATE, satisfied=5)
    await hotline.case("12-01 10:06", ticket, CaseVerb.ARCHIVE, reason="evaluated")
    told = [kind for kind in await hotline.types(ticket) if not kind.startswith(("clock.", "reply."))]
    assert told[0] == "ticket.registered"
    assert told[-8:] == [
        "case.dispatched",
        "task.offered",
        "task.signed",
        "task.replied",
        "task.accepted",
        "case.replied",
        "ticket.rated",
        "case.archived",
    ]


@SQL_ALONE
async def test_what_is_overdue_is_on_the_books_until_it_is_done(hotline: Hotline, clock: SetClock) -> None:
    ticket = await hotline.registered("12-01 09:55")
    (task,) = await hotline.dispatched("12-01 10:00", ticket, "M01")
    await hotline.task("12-01 10:10", ticket, task, TaskVerb.SIGN)
    clock.at = on("12-03 10:00")
    await hotline.time_passes("12-03 10:00:00.000")
    assert (await hotline.db.case_clocks.overdue()).items == ()
    await hotline.time_passes("12-03 10:00:00.001")
    (late,) = (await hotline.db.case_clocks.overdue(unit="M01")).items
    assert (late.ticket_id, late.kind, late.overdue_since) == (ticket, "reply", on("12-03 10:00:00.001"))
    await hotline.case("12-04 09:00", ticket, CaseVerb.SUPERVISE, reason="overdue")
    assert (await hotline.types(ticket))[-1] == "case.supervised"
    await hotline.task("12-05 09:00", ticket, task, TaskVerb.REPLY, text="修好了")
    assert (await hotline.db.case_clocks.overdue()).items == ()
    (reply,) = [one for one in (await hotline.db.reader.ticket(ticket))["handling"]["clocks"] if one["kind"] == "reply"]
    assert (reply["breached_at"], reply["met_at"]) == ("2026-12-03T02:00:00.001Z", "2026-12-05T01:00:00.000Z")


async def test_withdrawn_while_units_work_leaves_each_of_them_nothing_to_do(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    first, _ = await hotline.dispatched("12-01 09:01", ticket, "M01", "M07")
    await hotline.task("12-01 09:10", ticket, first, TaskVerb.SIGN)
    await hotline.time_passes("12-01 10:00")
    version = (await hotline.db.reader.ticket(ticket))["version"]
    at = on("12-01 11:00")
    await hotline.do(WithdrawTicket(at=at, actor="user:li", ticket_id=ticket, version=version, reason="settled"))
    assert await hotline.statuses(ticket) == ("withdrawn", ["cancelled", "cancelled"])
    clocks = (await hotline.db.reader.ticket(ticket))["handling"]["clocks"]
    assert [one["next_at"] for one in clocks] == [None] * len(clocks)
    assert [one["unit"] for one in clocks if one["breached_at"]] == ["M07"]
    assert (await hotline.types(ticket)).count("task.cancelled") == 2


async def test_merging_moves_no_limit_of_the_head_and_unmerging_is_the_centres_to_decide(hotline: Hotline) -> None:
    older, head = await hotline.registered("11-30 09:00"), await hotline.registered("12-01 09:55")
    await hotline.dispatched("11-30 09:01", older, "M07")
    await hotline.dispatched("12-01 10:00", head, "M01")
    before = (await hotline.db.reader.ticket(head))["handling"]
    about: dict[str, Any] = {"actor": "user:li", "ticket_id": older, "head": head}
    version = (await hotline.db.reader.ticket(older))["version"]
    await hotline.do(MergeTicket(at=on("12-01 11:00"), version=version, **about))
    assert await hotline.statuses(older) == ("merged", ["cancelled"])
    assert (await hotline.db.reader.ticket(head))["handling"] == before
    version = (await hotline.db.reader.ticket(older))["version"]
    await hotline.do(MergeTicket(at=on("12-01 12:00"), version=version, undo=True, **about))
    record = await hotline.db.reader.ticket(older)
    assert (record["status"], record["handling"]["undecided_since"]) == ("classified", "2026-12-01T04:00:00.000Z")
    (decide,) = [one for one in record["handling"]["clocks"] if one["kind"] == "decide"]
    assert decide["due_at"] == "2026-12-01T06:00:00.000Z"


async def test_a_return_that_is_accepted_is_undecided_and_given_to_another(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    (task,) = await hotline.dispatched("12-01 09:00", ticket, "M01")
    await hotline.task("12-01 09:10", ticket, task, TaskVerb.RETURN, reason="not_our_duty", text="不属于我局")
    await hotline.task("12-01 10:00", ticket, task, TaskVerb.ACCEPT)
    assert await hotline.statuses(ticket) == ("classified", ["returned"])
    await hotline.dispatched("12-01 10:30", ticket, "M07")
    record = await hotline.db.reader.ticket(ticket)
    assert (record["status"], record["handling"]["lead_unit"]) == ("dispatched", "M07")
    assert record["handling"]["undecided_since"] is None
    assert "不属于我局" not in str(await hotline.db.reader.events(ticket_id=ticket))


async def test_reopened_it_is_in_work_again_with_a_limit_from_then_on(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    (task,) = await hotline.dispatched("12-01 09:00", ticket, "M01")
    await hotline.task("12-01 09:10", ticket, task, TaskVerb.REPLY, text="已处理")
    await hotline.case("12-01 11:00", ticket, CaseVerb.EVALUATE, satisfied=1)
    await hotline.case("12-01 12:00", ticket, CaseVerb.REOPEN, reason="not_solved")
    record = await hotline.db.reader.ticket(ticket)
    assert (record["status"], record["handling"]["reopened"]) == ("handling", 1)
    replies = [one["due_at"] for one in record["handling"]["clocks"] if one["kind"] == "reply"]
    assert replies == ["2026-12-03T01:00:00.000Z", "2026-12-03T04:00:00.000Z"]
    await hotline.task("12-02 09:00", ticket, task, TaskVerb.REPLY, text="换了灯")
    await hotline.case("12-02 11:00", ticket, CaseVerb.EVALUATE, satisfied=5)
    outcome = (await hotline.db.reader.ticket(ticket))["outcome"]
    assert [one["satisfied"] for one in outcome["evaluations"]] == [1, 5]
    assert outcome["evaluation"]["satisfied"] == 5


async def test_of_two_verbs_on_one_version_of_a_task_one_is_told(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    mine, theirs = await hotline.dispatched("12-01 09:00", ticket, "M01", "M07")
    verbs = (
        (mine, TaskVerb.RESPOND, "我们去看"),
        (mine, TaskVerb.ARRIVE, "已到现场"),
        (theirs, TaskVerb.RESPOND, "我们也去"),
    )
    came = await asyncio.gather(
        *(hotline.task("12-01 09:05", ticket, task, verb, text=text, task_version=1) for task, verb, text in verbs),
        return_exceptions=True,
    )
    assert {type(one) for one in came[:2]} == {Applied, StaleVersion}
    assert isinstance(came[2], Applied)


async def test_what_was_overdue_when_found_urgent_is_the_centres_breach(hotline: Hotline) -> None:
    ticket = await hotline.registered("12-01 09:00")
    at = on("12-01 09:40")
    change = CorrectTicket(
        at=at,
        actor="user:li",
        ticket_id=ticket,
        values={"demand.urgency": {"level": "urgent"}},
        told=("demand.urgency",),
    )
    await hotline.do(change)
    await hotline.dispatched("12-01 09:45", ticket, "E01")
    await hotline.time_passes("12-01 09:46")
    (breach,) = [one for one in await hotline.db.reader.events(ticket_id=ticket) if one["type"] == "clock.breached"]
    assert breach["data"].get("unit") is None
    assert breach["data"]["due"] == "2026-12-01T01:30:00.001Z"
