"""A ticket goes through its units: dispatched, signed, returned, replied; its clocks run, warn and are breached."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from gateway.casework.dispatch import DispatchTicket
from gateway.casework.fire_clock import FireClock
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.command import Applied
from gateway.domain.form import Routing
from gateway.domain.ids import from_rfc3339
from gateway.domain.task_status import Role, TaskVerb
from gateway.errors import Conflict, NotFound, StaleVersion
from gateway.storage.database import Database
from tests.contract.storage.changes import written
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract


@dataclass
class Office:
    """The centre and the units, about one ticket at a time."""

    db: Database
    ticket_id: str = ""
    ids: Any = field(default_factory=count)

    async def registered(self, *, at: datetime = NOON, **fields: Any) -> None:
        demand = {("demand", name): value for name, value in {"type": "complaint", **fields}.items()}
        change = written(f"m{next(self.ids)}", at=at, content="小区停水", fields=demand)
        self.ticket_id = (await self.db.changes.execute(change)).ticket_id

    async def dispatched(self, *units: str, after_s: float = 0.0) -> list[str]:
        offers = tuple(
            Offer(task_id=f"k{next(self.ids)}-{unit}", unit=unit, role=Role.JOINT if nth else Role.LEAD)
            for nth, unit in enumerate(units)
        )
        await self.db.changes.execute(
            DispatchTicket(
                at=NOON + timedelta(seconds=after_s),
                actor="user:li",
                ticket_id=self.ticket_id,
                offers=offers,
                stage="function",
                rule="water",
                steps=(Routing("function", "water"),),
                directory="directory:1",
                policy="policy:0",
            )
        )
        return [offer.task_id for offer in offers]

    async def do(self, verb: str, task_id: str, after_s: float = 0.0, **more: Any) -> Applied:
        work = WorkOnTask(
            at=NOON + timedelta(seconds=after_s),
            actor=more.pop("actor", "unit:M02"),
            ticket_id=self.ticket_id,
            task_id=task_id,
            verb=TaskVerb(verb),
            note_id=f"n{next(self.ids)}",
            **more,
        )
        return await self.db.changes.execute(work)

    async def record(self) -> dict[str, Any]:
        return await self.db.reader.ticket(self.ticket_id)

    async def clock(self, kind: str, task_id: str | None = None) -> dict[str, Any]:
        clocks = (await self.record())["handling"]["clocks"]
        return next(one for one in reversed(clocks) if one["kind"] == kind and task_id in {None, one["task_id"]})

    async def fire(self, clock: dict[str, Any], at: datetime | None = None) -> Applied:
        due = from_rfc3339(clock["next_at"])
        fire = FireClock(at=at or due, ticket_id=self.ticket_id, clock_id=clock["clock_id"], next_at=due)
        return await self.db.changes.execute(fire)

    async def types(self) -> list[str]:
        events = await self.db.reader.events(ticket_id=self.ticket_id)
        return [event["type"] for event in events]


@pytest.fixture
def office(db: Database) -> Office:
    return Office(db)


async def test_signed_within_half_an_hour_of_the_dispatch_is_in_time(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    assert (await office.record())["status"] == "dispatched"
    await office.do("sign", task, after_s=1800)
    clock = await office.clock("sign")
    assert (clock["met_at"], clock["breached_at"]) == (clock["due_at"], None)
    record = await office.record()
    assert (record["status"], record["handling"]["lead_unit"]) == ("signed", "M02")
    assert record["handling"]["units"][0]["due_at"] == (await office.clock("reply"))["due_at"]


async def test_a_millisecond_later_it_is_too_late_and_stays_so(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    clock = await office.clock("sign")
    assert not (await office.fire(clock)).skipped
    assert (await office.fire(clock)).skipped
    assert (await office.types()).count("clock.breached") == 1
    await office.do("sign", task, after_s=3600)
    clock = await office.clock("sign")
    assert clock["breached_at"] < clock["met_at"]


async def test_a_clock_that_was_met_fires_no_more(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    clock = await office.clock("sign")
    await office.do("sign", task, after_s=60)
    assert (await office.fire(clock)).skipped
    assert "clock.breached" not in await office.types()


async def test_urgent_is_thirty_minutes_from_registration_met_by_whoever_arrives(office: Office) -> None:
    await office.registered(urgency={"level": "urgent", "reason": "停水"})
    (task,) = await office.dispatched("M02", after_s=600)
    clock = await office.clock("respond")
    assert from_rfc3339(clock["due_at"]) == NOON + timedelta(minutes=30)
    await office.do("arrive", task, after_s=1799)
    assert (await office.clock("respond"))["met_at"] is not None
    assert (await office.record())["status"] == "handling"


async def test_one_unit_never_conflicts_with_another_and_the_ticket_is_done_when_all_are(office: Office) -> None:
    await office.registered()
    first, second = await office.dispatched("M02", "M07")
    await office.do("sign", first, task_version=1)
    await office.do("sign", second, task_version=1, actor="unit:M07")
    with pytest.raises(StaleVersion):
        await office.do("reply", first, task_version=1, text="修好了")
    await office.do("reply", first, task_version=2, text="修好了")
    units = {one["task_id"]: one["status"] for one in (await office.record())["handling"]["units"]}
    assert units == {first: "accepted", second: "signed"}


async def test_silence_upholds_a_return_and_the_same_reason_is_final(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    await office.do("return", task, reason="not_ours", text="不属于我局职责")
    review = await office.clock("review")
    await office.fire(review)
    record = await office.record()
    (unit,) = record["handling"]["units"]
    assert (unit["status"], unit["returns"][0]["upheld"]) == ("upheld", True)
    with pytest.raises(Conflict, match="decided about this reason"):
        await office.do("return", task, reason="not_ours", text="还是不属于")
    assert "不属于我局职责" not in str(await office.db.reader.events(ticket_id=office.ticket_id))


async def test_repeating_changes_nothing_and_another_units_task_is_not_there(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    assert not (await office.do("sign", task)).skipped
    assert (await office.do("sign", task)).skipped
    with pytest.raises(NotFound):
        await office.do("respond", task, unit="M07")
