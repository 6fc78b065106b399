"""A number is no person: nothing comes along from earlier tickets, and nothing leads to or from who wants to hide."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.domain.command import Applied
from gateway.domain.guess import Guess
from gateway.domain.keys import Identity
from gateway.ports.store import TicketQuery
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change
from tests.support.searching import indexed
from tests.support.stores import SQL_ALONE

pytestmark = pytest.mark.contract
PHONE = "+8613800138000"
TOLD = {
    "name": "王芳",
    "gender": "female",
    "org_name": "海口某某公司",
    "uscc": "91460000MA5TAAAA0X",
    "language": "yue",
    "accessibility": ["deaf"],
    "labels": ["老熟人"],
    "callback_phone": "+8613900139000",
}


async def records(db: Database, applied: Sequence[Applied]) -> list[dict[str, Any]]:
    return [await db.reader.ticket(one.ticket_id) for one in applied]


async def said(db: Database, applied: Applied, **requester: Any) -> None:
    fields: dict[tuple[str, ...], Any] = {("requester", key): value for key, value in requester.items()}
    await db.changes.execute(Change(ticket_id=applied.ticket_id, ticket_fields=fields, events=(event(),)))


async def test_a_requester_is_known_again_and_nothing_of_them_is_asserted(db: Database) -> None:
    first = await db.changes.execute(written("1", phone=PHONE, requester=TOLD))
    second, third = await asyncio.gather(
        db.changes.execute(written("2", phone=PHONE)), db.changes.execute(call("3", phone=PHONE))
    )
    one, *others = [record["requester"] for record in await records(db, (first, second, third))]
    assert one["name"] == "王芳"
    for other in others:
        assert (other["requester_id"], other["returning"]) == (one["requester_id"], True)
        assert not [key for key in TOLD if other[key]]
    offered = await db.reader.same_requester(second.ticket_id)
    assert {item["ticket_id"] for item in offered} == {first.ticket_id, third.ticket_id}
    assert "王芳" in {item["requester"]["name"] for item in offered}


@pytest.mark.parametrize("wish", ["secret", "anonymous"])
@pytest.mark.parametrize("when", ["at once", "guessed at once", "later"])
async def test_who_hides_is_nobody_known(db: Database, wish: str, when: str) -> None:
    plain = await db.changes.execute(written("0", phone=PHONE, requester={"name": "李四"}))
    wishes = {wish: True} if when == "at once" else {}
    asked = (Guess(path=f"requester.{wish}", value=True, source="rule", span=None, confidence=0.95),)
    hidden = await db.changes.execute(
        written("1", phone=PHONE, requester=TOLD | wishes, guesses=asked if when == "guessed at once" else ())
    )
    if when == "later":
        await said(db, hidden, **{wish: True})
    after = await db.changes.execute(written("2", phone=PHONE))
    before, unknown, later = [record["requester"] for record in await records(db, (plain, hidden, after))]
    assert unknown["returning"] is False
    assert len({before["requester_id"], unknown["requester_id"]}) == 2
    assert later["requester_id"] == before["requester_id"]
    assert [item["ticket_id"] for item in await db.reader.same_requester(after.ticket_id)] == [plain.ticket_id]
    assert await db.reader.same_requester(hidden.ticket_id) == []
    told = json.dumps([one["data"] for one in await db.reader.events()])
    assert before["requester_id"] not in told
    assert "returning" not in told
    assert "female" not in told


@pytest.mark.parametrize("when", ["at once", "later"])
async def test_that_somebody_hid_is_not_even_hinted_at(db: Database, when: str) -> None:
    """Whoever comes next from that number is as new as from a number that never was there."""
    hidden = await db.changes.execute(written("1", phone=PHONE, requester=TOLD | {"secret": when == "at once"}))
    if when == "later":
        await said(db, hidden, secret=True)
    after = await db.changes.execute(written("2", phone=PHONE))
    again = await db.changes.execute(written("3", phone=PHONE))
    old, new, newer = [record["requester"] for record in await records(db, (hidden, after, again))]
    assert (new["returning"], newer["returning"]) == (False, True)
    assert new["requester_id"] == newer["requester_id"] != old["requester_id"]
    # A ULID tells its time: an older one would tell that there was somebody.
    assert new["requester_id"][:10] >= (await db.reader.ticket(after.ticket_id))["ticket_id"][:10]


async def test_one_batch_of_a_hidden_and_an_open_ticket(db: Database) -> None:
    applied = await asyncio.gather(
        *(db.changes.execute(written(str(n), phone=PHONE, requester={"secret": n % 2 == 0})) for n in range(8))
    )
    found = [record["requester"] for record in await records(db, applied)]
    assert len({one["requester_id"] for one in found if not one["secret"]}) == 1
    assert len({one["requester_id"] for one in found if one["secret"]}) == 4
    assert [one["returning"] for one in found if one["secret"]] == [False] * 4


@SQL_ALONE
async def test_a_hidden_ticket_is_told_of_on_its_own_account_only(db: Database) -> None:
    own = (Identity(kind="phone", value=PHONE), Identity(kind="on:web", value="a"))
    change = written("1", conversation="a", phone=PHONE, requester={"secret": True})
    hidden = await db.changes.execute(change)
    number = [hidden.ticket_no]
    theirs = await db.conversations.thread("web", "a", identities=own, ticket_nos=number)
    assert [brief.ticket_no for brief in theirs.tickets] == number
    other = await db.conversations.thread("web", "b", identities=own[:1], ticket_nos=number)
    assert (other.tickets, other.phone_known) == ((), False)


async def found(db: Database, **query: Any) -> list[str]:
    page = await db.reader.tickets(TicketQuery(**query))
    return [item["ticket_no"][-1] for item in page.items]


@SQL_ALONE
async def test_a_search_finds_what_is_shown_masked_and_nothing_else(db: Database) -> None:
    content = "我叫张三丰，电话13912345678，民治大道的路灯坏了"
    guess = Guess(path="requester.name", value="张三丰", source="rule", span=(2, 5), confidence=0.9)
    await db.changes.execute(written("1", phone=PHONE, content=content, guesses=(guess,)))
    await indexed(db)
    for text in ("路灯", "民治大道 坏了", "张**", "139****5678", "0000001"):
        assert await found(db, text=text) == ["1"], text
    for text in ("张三丰", "三丰", "13912345678", "1234", PHONE, "13800138000", "0138"):
        assert await found(db, text=text) == [], text


@SQL_ALONE
async def test_a_whole_number_is_looked_up_but_never_of_who_hides(db: Database) -> None:
    await db.changes.execute(written("1", phone=PHONE))
    await db.changes.execute(written("2", phone=PHONE, requester={"anonymous": True}))
    await db.changes.execute(written("3", phone=None, requester={"callback_phone": PHONE}))
    late = await db.changes.execute(written("4", phone=PHONE))
    assert await found(db, phone=PHONE) == ["1", "3", "4"]
    await said(db, late, secret=True)
    assert await found(db, phone=PHONE) == ["1", "3"]
    assert await found(db, phone=PHONE[:-1]) == []
