"""A year's holidays that are entered when clocks run into it already: those are counted anew, once, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.casework.catalogue_versions import CALENDAR
from gateway.casework.fire_clock import FireClock
from gateway.casework.late_calendar import LEASE, SLICE, LateCalendar
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import from_rfc3339
from gateway.domain.task_status import TaskVerb
from gateway.following.lease import Lease
from gateway.ports.case_clocks import UnsureClock
from gateway.storage.database import Database
from tests.contract.casework.test_acting import POLICY_TEXT, WORKDAYS, Centre
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]
POLICY = POLICY_TEXT.replace("reply: {within: 48 h}", "reply: {within: 230 h, counted: work}")
"""From November into January, where 2026 alone is known."""


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class Seen:
    """The clocks of a database, and how many were taken at once."""

    def __init__(self, db: Database) -> None:
        self._clocks = db.unsure_clocks
        self.taken: list[int] = []

    async def unsure(
        self, begin: datetime, end: datetime, *, after: UnsureClock | None, limit: int
    ) -> Sequence[UnsureClock]:
        found = await self._clocks.unsure(begin, end, after=after, limit=limit)
        self.taken.append(len(found))
        return found


class Year:
    """A centre in November whose units' clocks reach into January."""

    def __init__(self, db: Database, clock: SetClock) -> None:
        self.centre = Centre(db, clock)
        self.seen = Seen(db)
        self.late = LateCalendar(
            clocks=self.seen,
            commands=db.changes,
            public_days=lambda: self.centre.tables.public_days,
            zone=SHANGHAI,
            clock=clock,
            lease=Lease(leases=db.channel_leases, name=LEASE, owner="w", is_gone=lambda _: False),
        )

    async def dispatched(self) -> str:
        ticket_id = await self.centre.registered()
        await self.centre.case(CaseVerb.DISPATCH)
        return ticket_id

    async def known(self, *holidays: str) -> None:
        """These are holidays, and so the whole of 2027 is known."""
        rows = "".join(f"{one},holiday,元旦,New Year,x\n" for one in holidays)
        await self.centre.catalogues.import_table(CALENDAR, (WORKDAYS + rows).encode(), author="cli:li", note="")
        await self.centre.tables.refresh()

    async def reply(self) -> dict[str, Any]:
        (clock,) = await self.centre.clocks(ClockKind.REPLY)
        return clock

    async def moves(self) -> list[tuple[str, str]]:
        return [(one["why"], one["due_at"]) for one in await self.centre.events("clock.moved")]

    async def fire(self) -> None:
        """Everything that is due by now is fired."""
        db, now = self.centre.db, self.centre.clock.now()
        for due in await db.case_clocks.take("w", limit=100, lease_s=0):
            command = FireClock(at=now, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)
            await db.changes.execute(command)


@pytest.fixture
async def year(db: Database, clock: SetClock) -> Year:
    made = Year(db, clock)
    await made.centre.open(POLICY)
    return made


async def test_a_holiday_that_was_entered_late_moves_what_reaches_beyond_it_once(year: Year) -> None:
    await year.dispatched()
    before = await year.reply()
    assert (before["unsure"], from_rfc3339(before["due_at"])) == (True, day("2027-01-11 17:00"))
    assert await year.late.look() == 0
    await year.known("2027-01-01")
    assert await year.late.look() == 1
    after = await year.reply()
    assert (after["unsure"], from_rfc3339(after["due_at"])) == (False, day("2027-01-12 17:00"))
    assert [(one["why"], one["due_at"]) for one in after["earlier"]] == [("calendar", before["due_at"])]
    assert await year.moves() == [("calendar", after["due_at"])]
    (task,) = (await year.centre.record())["handling"]["units"]
    assert task["due_at"] == after["due_at"]
    version = (await year.centre.record())["version"]
    assert await year.late.look() == 0
    assert (await year.centre.record())["version"] == version


async def test_a_due_time_that_stays_is_sure_from_then_on(year: Year) -> None:
    await year.dispatched()
    before = await year.reply()
    await year.known("2027-10-01")
    assert await year.late.look() == 1
    after = await year.reply()
    assert (after["unsure"], after["due_at"], after["earlier"]) == (False, before["due_at"], [])
    assert await year.moves() == [("calendar", before["due_at"])]
    assert await year.late.look() == 0


async def test_who_keeps_what_was_counted_keeps_it_under_the_policy_that_it_began_with(year: Year) -> None:
    """A later policy moves nothing that runs; the calendar alone does."""
    await year.dispatched()
    shorter = POLICY.replace("within: 230 h", "within: 7 h")
    await year.centre.catalogues.import_table("policy", shorter.encode(), author="cli:li", note="")
    await year.known("2027-01-01")
    assert await year.late.look() == 1
    after = await year.reply()
    assert (after["length_ms"], after["policy"]) == (230 * 3_600_000, 1)
    assert from_rfc3339(after["due_at"]) == day("2027-01-12 17:00")


async def test_two_who_look_at_once_move_it_once(year: Year, db: Database, clock: SetClock) -> None:
    await year.dispatched()
    await year.known("2027-01-01")
    other = Year(db, clock)
    other.centre.tables = year.centre.tables
    assert sum(await asyncio.gather(year.late.look(), other.late.look())) == 1
    assert len(await year.moves()) == 1


async def test_a_year_of_clocks_is_done_in_slices(year: Year) -> None:
    tickets = [await year.dispatched() for _ in range(SLICE + 5)]
    await year.known("2027-01-01")
    assert await year.late.look() == len(tickets)
    assert year.seen.taken == [0, SLICE, 5, 0]
    records = [await year.centre.db.reader.ticket(ticket_id) for ticket_id in tickets]
    assert not any(one["unsure"] for record in records for one in record["handling"]["clocks"])


async def test_what_has_ended_is_left_alone_and_what_is_paused_is_not(year: Year) -> None:
    await year.dispatched()
    await year.centre.task(TaskVerb.SIGN)
    await year.centre.task(TaskVerb.REPLY, text="已修好")
    answered = await year.reply()
    await year.dispatched()
    await year.centre.task(TaskVerb.SIGN)
    await year.centre.task(TaskVerb.PAUSE, reason="weather")
    await year.known("2027-01-01")
    assert await year.late.look() == 1
    assert (await year.reply())["unsure"] is False
    assert answered["unsure"] is True
    assert answered["met_at"] is not None


async def test_who_was_late_by_an_unknown_holiday_was_not_and_who_was_late_anyway_stays_so(year: Year) -> None:
    await year.dispatched()
    clock = year.centre.clock
    clock.at = day("2027-01-11 17:00") + timedelta(minutes=1)
    await year.fire()
    assert (await year.reply())["breached_at"] is not None
    await year.known("2027-01-01")
    assert await year.late.look() == 1
    moved = await year.reply()
    assert (moved["breached_at"], from_rfc3339(moved["due_at"])) == (None, day("2027-01-12 17:00"))
    assert [one["breached_at"] is not None for one in moved["earlier"]] == [True]

    clock.at = day("2026-11-23 12:00")
    await year.centre.catalogues.roll_back(CALENDAR, 1, author="cli:li", note="")
    await year.centre.tables.refresh()
    await year.dispatched()
    clock.at = day("2027-02-01 09:00")
    await year.fire()
    before = await year.reply()
    await year.known("2027-01-01")
    assert await year.late.look() == 1
    after = await year.reply()
    assert (after["breached_at"], after["due_at"]) == (before["breached_at"], before["due_at"])
    assert (before["unsure"], after["unsure"]) == (True, False)
    assert await year.late.look() == 0
