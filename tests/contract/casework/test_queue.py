"""What the centre has to decide, what it has to ask by telephone, and what is overdue are three lists."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.callback_work import Verb
from gateway.domain.case.books import OverdueClock
from gateway.errors import Conflict, RejectedInput, VisitUnanswered
from gateway.storage.database import Database
from tests.contract.casework.test_case_work import Office
from tests.support.centre import Centre
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]
LANDLINE = "+8689866223344"


@pytest.fixture
def centre(db: Database, clock: SetClock) -> Centre:
    return Centre(db, clock)


@pytest.fixture
def office(db: Database) -> Office:
    return Office(db)


async def waiting(centre: Centre) -> list[tuple[str, str]]:
    page = await centre.db.case_lists.waiting(limit=100)
    return [(one.ticket_id, one.kind) for one in page.items]


async def test_whom_the_centre_has_to_ask_is_among_the_calls_and_never_in_its_queue(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    assert await waiting(centre) == []
    await centre.fire(ticket, "visit")
    assert [one["reasons"] for one in await centre.calls()] == [["visit"]]
    await centre.fire(ticket, "visit")
    clocks = (await centre.record(ticket))["handling"]["clocks"]
    assert [one["kind"] for one in clocks if one["breached_at"]] == ["visit"]
    assert await waiting(centre) == []
    assert (await centre.db.case_clocks.overdue()).items == ()


async def test_discontent_is_decided_by_the_centre_and_waits_until_it_is(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    await centre.do("evaluate", ticket, satisfied=1)
    assert await waiting(centre) == [(ticket, "judge")]
    await centre.do("supervise", ticket, reason="not_solved")
    assert await waiting(centre) == [(ticket, "judge")], "whether it is done again or put away is still open"
    await centre.do("archive", ticket, reason="evaluated")
    assert await waiting(centre) == []


async def test_overdue_is_read_to_its_end_a_page_at_a_time(office: Office) -> None:
    for n in range(5):
        await office.registered(at=NOON + timedelta(seconds=n))
        await office.dispatched("M02" if n % 2 else "M07", after_s=n)
        await office.fire(await office.clock("sign"))
    overdue = office.db.case_clocks.overdue
    whole = await overdue()
    assert (len(whole.items), whole.total, whole.next_cursor) == (5, 5, None)
    cursor: str | None = None
    found: list[OverdueClock] = []
    while True:
        page = await overdue(limit=2, cursor=cursor)
        assert page.total == 5
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert tuple(found) == whole.items
    first = await overdue(unit="M07", limit=2)
    second = await overdue(unit="M07", limit=2, cursor=first.next_cursor)
    assert (first.total, len(first.items), len(second.items), second.next_cursor) == (3, 2, 1, None)
    with pytest.raises(RejectedInput):
        await overdue(cursor="nonsense")


async def asked(centre: Centre) -> tuple[str, dict[str, object]]:
    """A ticket whose requester is to be called, and that call."""
    ticket = await centre.registered("wechat", "o1", phone=LANDLINE)
    await centre.replied(ticket)
    await centre.fire(ticket, "visit")
    (call,) = await centre.calls()
    return ticket, call


async def test_who_will_not_judge_is_recorded_so_and_the_case_is_put_away(centre: Centre) -> None:
    ticket, call = await asked(centre)
    with pytest.raises(Conflict, match="would not say"):
        await centre.do("archive", ticket, reason="declined")
    await centre.call(call, Verb.DONE, "declined")
    record = await centre.record(ticket)
    assert record["status"] == "archived"
    assert record["handling"]["replies"][-1]["declined_at"] is not None
    assert record["outcome"]["evaluations"] == []
    events = {one["type"]: one["data"] for one in await centre.db.reader.events(ticket_id=ticket)}
    assert events["case.archived"]["why"] == "declined"
    assert "reply.declined" in events
    assert not [one for one in record["handling"]["clocks"] if one["next_at"]]
    await centre.do("evaluate", ticket, satisfied=2)
    assert await waiting(centre) == [(ticket, "judge")], "who thinks again is heard"


async def test_what_they_declined_of_an_earlier_reply_says_nothing_of_the_next_one(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone=LANDLINE)
    await centre.replied(ticket)
    (call,) = await centre.calls()
    await centre.call(call, Verb.DONE, "declined")
    await centre.do("reopen", ticket, reason="not_done")
    await centre.replied(ticket, "又修了一次")
    with pytest.raises(Conflict):
        await centre.do("archive", ticket, reason="declined")


async def test_a_call_that_asks_never_ends_without_saying_what_came_of_it(centre: Centre) -> None:
    """Else nobody would ask again, and the case could not be put away any more."""
    ticket, call = await asked(centre)
    with pytest.raises(VisitUnanswered):
        await centre.call(call, Verb.CANCEL)
    with pytest.raises(VisitUnanswered, match="three"):
        await centre.call(call, Verb.DONE, "not_reached")
    with pytest.raises(RejectedInput, match="score"):
        await centre.call(call, Verb.DONE, "declined", satisfied=4)
    await centre.call(call, Verb.DONE, "reached", satisfied=4)
    assert (await centre.record(ticket))["status"] == "archived"


async def test_a_reply_that_is_told_by_telephone_may_be_declined_at_once(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone=LANDLINE)
    await centre.replied(ticket)
    (call,) = await centre.calls()
    assert call["reasons"] == ["reply"]
    await centre.call(call, Verb.DONE, "declined")
    reply = await centre.reply(ticket)
    assert (reply["state"], (await centre.record(ticket))["status"]) == ("told", "archived")
