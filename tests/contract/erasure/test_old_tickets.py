"""Closed tickets grow old and are erased once a day; what a dead process began is finished."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.intake.ticket import old_tickets
from gateway.intake.ticket.old_tickets import ACTOR, OldTickets
from gateway.ports.erasure import ErasureKind, ErasureSubject
from gateway.storage.database import Database
from tests.contract.erasure.person import ZHANG, House, dump, holding, house, in_touch
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change
from tests.support.clocks import NOON, SetClock

pytestmark = pytest.mark.contract
DAYS = 30


def expiry(here: House, days: int = DAYS) -> OldTickets:
    return OldTickets(store=here.db.erasures, erasure=here.erasure, days=days)


async def archived(db: Database, *ticket_ids: str) -> None:
    for ticket_id in ticket_ids:
        done: dict[tuple[str, ...], Any] = {("status",): "archived"}
        change = Change(ticket_id=ticket_id, ticket_fields=done, events=(event("ticket.updated"),))
        await db.changes.execute(change)


async def erased(db: Database) -> set[str]:
    return {row["ticket_id"] for row in (await dump(db))["tickets"] if row["erased_at"]}


async def test_closed_tickets_go_when_their_time_is_over_and_not_before(
    db: Database, tmp_path: Path, clock: SetClock
) -> None:
    here = house(db, tmp_path)
    _, tickets = await in_touch(here, ZHANG)
    opened = await db.changes.execute(written("open", phone="+8613911112222"))
    await archived(db, *tickets)
    before = await dump(db)
    old = expiry(here)
    clock.forward(DAYS * 86_400)
    await old.step(clock.now())
    assert await erased(db) == set(), "the day on which it began is kept whole"
    clock.forward(86_400)
    await old.step(clock.now())
    assert await erased(db) == set(tickets)
    after = await dump(db)
    tables = {name for name, _ in holding(after, ZHANG)}
    assert tables <= {"refused_calls", "channel_state", "feeds"}, "what has a retention of its own"
    assert {row["actor"] for row in after["erasures"]} == {ACTOR}
    events = {row["event_seq"]: row for row in after["events"]}
    for row in before["events"]:
        told = row["data"] | ({"error": None} if "error" in row["data"] else {})
        assert events[row["event_seq"]] == row | {"data": told}
    assert (await db.reader.ticket(opened.ticket_id))["erased_at"] is None


async def test_it_goes_through_all_of_them_in_steps_once_a_day(
    db: Database, tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(old_tickets, "AT_ONCE", 3)
    monkeypatch.setattr(old_tickets, "PAGES", 2)
    here = house(db, tmp_path)
    tickets = [(await db.changes.execute(written(str(n), phone=ZHANG.phone))).ticket_id for n in range(14)]
    await archived(db, *tickets[6:])
    clock.forward((DAYS + 2) * 86_400)
    old = expiry(here)
    counts = []
    for _ in range(5):
        await old.step(clock.now())
        counts.append(len(await erased(db)))
    assert counts == [0, 3, 6, 8, 8]
    late = tickets[0]
    await archived(db, late)
    await old.step(clock.now())
    assert late not in await erased(db), "today's walk is over, and it was altered today"
    clock.forward((DAYS + 2) * 86_400)
    for _ in range(5):
        await old.step(clock.now())
    assert await erased(db) == {late, *tickets[6:]}


async def test_without_a_time_nothing_goes_but_what_was_begun_is_finished(
    db: Database, tmp_path: Path, clock: SetClock
) -> None:
    here = house(db, tmp_path)
    requester, tickets = await in_touch(here, ZHANG)
    await archived(db, *tickets)
    subject = ErasureSubject(ErasureKind.REQUESTER, requester)
    assert await db.erasures.begin(subject, "cli:wang")
    assert await db.erasures.take(subject, "cli:wang") is not None
    old = expiry(here, days=0)
    await old.step(clock.now() + timedelta(minutes=59))
    assert len(await erased(db)) == 1, "its process may be at it"
    await old.step(clock.now() + timedelta(minutes=61))
    assert await erased(db) == set(tickets)
    found = await dump(db)
    assert holding(found, ZHANG) == []
    assert {row["actor"] for row in found["audit"] if row["action"] == "erase"} == {"cli:wang"}


async def test_one_that_has_to_wait_keeps_no_other_waiting(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    calling = await db.changes.execute(call("up", phone=ZHANG.phone))
    closed = await db.changes.execute(written("1"))
    await archived(db, calling.ticket_id, closed.ticket_id)
    old = expiry(here)
    await old.step(NOON + timedelta(days=DAYS + 2))
    assert await erased(db) == {closed.ticket_id}
    await old.step(NOON + timedelta(days=DAYS + 3))
    assert await erased(db) == {closed.ticket_id}
