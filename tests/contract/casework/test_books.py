"""挂账: the list of what is overdue, now from its rows and of any instant from events: the two are equal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.casework.case_work import WorkOnCase
from gateway.domain.case.books import OverdueClock
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import from_rfc3339
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.books import overdue_at
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


@pytest.fixture
def office(db: Database) -> Office:
    return Office(db)


async def supervised(office: Office, at: datetime) -> None:
    """督办."""
    await office.db.changes.execute(
        WorkOnCase(
            at=at,
            actor="user:wang",
            ticket_id=office.ticket_id,
            verb=CaseVerb.SUPERVISE,
            reason="overdue",
            note_id=f"s{at}",
        )
    )


async def test_what_is_overdue_is_on_the_books_until_it_is_done(office: Office) -> None:
    await office.registered()
    (task,) = await office.dispatched("M02")
    await office.do("sign", task, after_s=60)
    reply = await office.clock("reply")
    due = from_rfc3339(reply["due_at"])
    late = due + timedelta(milliseconds=1)
    await office.fire(reply, at=due)
    assert (await office.db.case_clocks.overdue()).items == ()
    await office.fire(await office.clock("reply"), at=late)
    (one,) = (await office.db.case_clocks.overdue(unit="M02")).items
    assert (one.ticket_id, one.task_id, one.kind, one.due_at, one.overdue_since, one.supervised) == (
        office.ticket_id,
        task,
        "reply",
        due,
        late,
        0,
    )
    pressed = due + timedelta(hours=23)
    await supervised(office, pressed)
    (one,) = (await office.db.case_clocks.overdue()).items
    assert (one.supervised, one.supervised_at) == (1, pressed)
    done = due + timedelta(hours=47)
    await office.do("reply", task, after_s=(done - NOON).total_seconds(), text="修好了")
    assert (await office.db.case_clocks.overdue()).items == ()
    events = await office.db.reader.events()
    assert overdue_at(events, due) == []
    assert [one.supervised for one in overdue_at(events, late)] == [0]
    assert [one.supervised for one in overdue_at(events, pressed, unit="M02")] == [1]
    assert overdue_at(events, pressed, unit="M07") == []
    assert overdue_at(events, done) == []


async def test_the_list_of_every_instant_is_recounted_from_events(office: Office) -> None:
    """Several tickets and units: breached, extended, returned, done, in some order; the list is kept at each step."""
    kept: list[tuple[datetime, list[OverdueClock]]] = []
    now = NOON

    async def step(hours: float, verb: Any) -> None:
        nonlocal now
        now += timedelta(hours=hours)
        await verb()
        kept.append((now, list((await office.db.case_clocks.overdue()).items)))

    async def fired() -> None:
        for due in await office.db.case_clocks.take("w", limit=100, lease_s=0.0):
            office.ticket_id = due.ticket_id
            clock = next(
                one for one in (await office.record())["handling"]["clocks"] if one["clock_id"] == due.clock_id
            )
            if clock["next_at"] is not None:
                await office.fire(clock, at=now)

    async def did(ticket: str, verb: str, task: str, **more: Any) -> None:
        office.ticket_id = ticket
        await office.do(verb, task, after_s=(now - NOON).total_seconds(), **more)

    async def pressed() -> None:
        office.ticket_id = first
        await supervised(office, now)

    await office.registered()
    first, (one, two) = office.ticket_id, await office.dispatched("M02", "M07")
    await office.registered(type="consultation")
    second, (three,) = office.ticket_id, await office.dispatched("M03")
    clock: Any = office.db.case_clocks._clock
    for hours, verb in (
        (1, fired),
        (0.1, lambda: did(first, "sign", one)),
        (23.4, fired),
        (1, lambda: did(second, "return", three, reason="not_ours")),
        (23, fired),
        (0.5, pressed),
        (0.5, lambda: did(first, "reply", one, text="好了")),
        (24, fired),
        (1, lambda: did(first, "reply", two, text="好了")),
    ):
        clock.forward(hours * 3600)
        await step(hours, verb)
    assert len({len(listed) for _, listed in kept}) > 2, "the list grew and shrank"
    events = await office.db.reader.events()
    for at, listed in kept:
        recounted = overdue_at(events, at)
        assert [asdict(one) for one in recounted] == [asdict(one) for one in listed]
