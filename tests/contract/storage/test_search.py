"""Searches and filters find what looking at every ticket finds, as it is now."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.domain import masking
from gateway.domain.bigrams import holds, normal, words_of
from gateway.errors import RejectedInput
from gateway.ports.store import Record, TicketQuery
from gateway.storage import search, search_state
from gateway.storage import search_tables as s
from gateway.storage import tables as t
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change
from tests.support.clocks import NOON
from tests.support.searching import indexed
from tests.support.stores import SQL_ALONE
from tests.support.waiting import until

pytestmark = [pytest.mark.contract, SQL_ALONE]
PHONE = "+8613800138000"
PARTS = ("停水", "停电", "通知", "路灯", "坏了", "ＬＥＤ", "Lamp", "100%", "12号楼", "人民大道", "，", "🚰", "水", " ")
CODES = ("0101", "0102", "02", None)


async def found(db: Database, **query: Any) -> list[str]:
    """ticket_ids of all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        page = await db.reader.tickets(TicketQuery(cursor=cursor, limit=7, **query))
        ids += [item["ticket_id"] for item in page.items]
        if (cursor := page.next_cursor) is None:
            return ids


async def told(db: Database, ticket_id: str, **fields: Any) -> None:
    values = {tuple(path.split("__")): value for path, value in fields.items()}
    await db.changes.execute(Change(ticket_id=ticket_id, ticket_fields=values, events=(event(),)))


async def city(db: Database, count: int, seed: int) -> list[Record]:
    """So many tickets, as they stand, oldest first."""
    chance = random.Random(seed)
    ids = []
    for n in range(count):
        fields: dict[tuple[str, ...], Any] = {
            ("demand", "category"): {"code": chance.choice(CODES)},
            ("place", "district"): {"code": chance.choice(("460105", "460106", None))},
            ("place", "street"): {"code": chance.choice(("460105001", None))},
            ("handling", "lead_unit"): chance.choice(("E01", "M02", None)),
        }
        content = "".join(chance.choices(PARTS, k=chance.randint(0, 8)))
        change = written(str(n), at=NOON + timedelta(hours=5 * n), content=content, fields=fields)
        ids.append((await db.changes.execute(change)).ticket_id)
        units = [{"unit": "E01", "due_at": f"2026-11-{chance.randint(10, 29)}T00:00:00.000Z"}]
        await db.sql.write(partial(_owe, ticket_id=ids[-1], units=units))
    await db.search.rebuild()
    return [await db.reader.ticket(one) for one in ids]


def _owe(connection: sa.Connection, *, ticket_id: str, units: list[dict[str, str]]) -> None:
    """Units have tasks, whatever led to that."""
    own = t.tickets.c.ticket_id == ticket_id
    doc = dict(connection.execute(sa.select(t.tickets.c.doc).where(own)).scalar_one())
    doc["handling"] = {**doc["handling"], "units": [{"task_id": "t", **one} for one in units]}
    connection.execute(sa.update(t.tickets).where(own).values(doc=doc))


def fits(record: Record, query: dict[str, Any]) -> bool:
    """What ``query`` means, said once more and slowly."""
    place, handling = record["place"], record["handling"]
    due = min((unit["due_at"] for unit in handling["units"]), default=None)
    holds_words = holds(normal(masking.searchable(record)), words_of(query.get("text") or ""))
    return (
        holds_words
        and query.get("category", "") == (record["demand"]["category"]["code"] or "-")[: len(query.get("category", ""))]
        and query.get("unit") in {None, handling["lead_unit"]}
        and query.get("division") in {None, place["district"]["code"], place["street"]["code"]}
        and ("due_to" not in query or (due is not None and due < query["due_to"].isoformat()))
        and ("created_from" not in query or record["created_at"] >= query["created_from"].isoformat())
        and ("created_to" not in query or record["created_at"] < query["created_to"].isoformat())
    )


FILTERS: list[dict[str, Any]] = [
    {},
    {"unit": "M02"},
    {"category": "01"},
    {"category": "0102", "division": "460105"},
    {"division": "460105001"},
    {"due_to": NOON},
    {"created_from": NOON + timedelta(days=2), "created_to": NOON + timedelta(days=5)},
    {"unit": "E01", "category": "0", "created_from": NOON + timedelta(days=1)},
]
TEXTS = [None, "停水", "水", "停水 路灯", "灯坏", "led", "lamp", "100%", "，", "🚰", "没有", "大道停水", "12号楼"]


@pytest.mark.parametrize("few", [True, False], ids=["as it is", "as if every page were far away"])
async def test_a_list_is_what_looking_at_every_ticket_finds(
    db: Database, monkeypatch: pytest.MonkeyPatch, *, few: bool
) -> None:
    if not few:
        monkeypatch.setattr(search, "WINDOWS", (3, 5))
        monkeypatch.setattr(search, "FEW", 4)
        monkeypatch.setattr(search, "NEAR", 2)
        monkeypatch.setattr(search, "TEXTS", 4)
        monkeypatch.setattr(search, "MANY", 4)
    records = await city(db, 30, seed=1)
    await indexed(db)
    for filters in FILTERS:
        for text in TEXTS:
            query = filters | ({"text": text} if text else {})
            wanted = [one["ticket_id"] for one in records if fits(one, query)]
            assert await found(db, newest_first=True, **query) == wanted[::-1], query
            assert await found(db, **query) == wanted, query


async def test_a_unit_that_was_relieved_of_a_task_owes_nothing(db: Database) -> None:
    """It gave it back, or the centre took it away, before it replied: who has it now owes it."""
    ids = [(await db.changes.execute(written(str(n)))).ticket_id for n in range(3)]
    early, late = "2026-11-20T00:00:00.000Z", "2026-11-27T00:00:00.000Z"
    for ticket_id, status in zip(ids, ("cancelled", "returned", "working"), strict=True):
        units = [
            {"unit": "E01", "status": status, "due_at": early},
            {"unit": "M02", "status": "signed", "due_at": late},
        ]
        await db.sql.write(partial(_owe, ticket_id=ticket_id, units=units))
    await db.search.rebuild()
    await indexed(db)
    for newest_first in (True, False):
        assert await found(db, due_to=NOON, newest_first=newest_first) == [ids[2]]
        assert sorted(await found(db, due_from=NOON, newest_first=newest_first)) == sorted(ids[:2])


async def begin_anew(db: Database) -> None:
    """As after the migration of a database that holds tickets."""

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.delete(s.ticket_facets))
        connection.execute(sa.update(t.tickets).values(search="words", search_masked="words"))
        search_state.put(connection, unlisted_below=search_state.ABOVE_ALL, unsearched_below=search_state.ABOVE_ALL)

    await db.sql.write(work)


@pytest.fixture
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.search_index.AT_ONCE", 7)


@pytest.mark.usefixtures("_few_at_once")
async def test_lists_are_whole_while_old_tickets_are_filled_in(db: Database) -> None:
    """The newest have narrow rows first; the others are found by their records."""
    records = await city(db, 30, seed=2)
    await indexed(db)
    await begin_anew(db)
    filters = [one for one in FILTERS if "due_to" not in one]  # when a ticket is due, narrow rows alone tell
    steps = 0
    while await db.search.some():
        steps += 1
        for query in filters:
            wanted = [one["ticket_id"] for one in records if fits(one, query)]
            assert await found(db, newest_first=True, **query) == wanted[::-1], query
            assert await found(db, **query) == wanted, query
    assert steps == 6  # five slices, and the look that finds none
    assert await db.search.left() is None
    for query in FILTERS:
        wanted = [one["ticket_id"] for one in records if fits(one, query | {"text": "水"})]
        assert await found(db, newest_first=True, text="水", **query) == wanted[::-1], query
    rows = await db.sql.read(lambda c: c.execute(sa.select(t.tickets.c.search, t.tickets.c.search_masked)).all())
    assert {tuple(row) for row in rows} == {("", "")}


async def test_what_changes_is_found_as_it_is_now(db: Database) -> None:
    ticket = (await db.changes.execute(written("1", content="小区停水"))).ticket_id
    assert await found(db, text="停水") == [], "no accept pays for searches"
    assert await db.search.behind() == 1
    await indexed(db)
    assert await db.search.behind() == 0
    assert await found(db, text="停水") == await found(db, text="停水", newest_first=True) == [ticket]
    await told(db, ticket, demand__content="小区停电", place__address="人民大道８号", handling__lead_unit="E01")
    assert await found(db, unit="E01") == [ticket], "filters know at once"
    await indexed(db)
    assert await found(db, text="停水") == []
    assert await found(db, text="停电 大道8号") == [ticket]
    assert not await db.search.some()


async def test_numbers_of_tickets(db: Database) -> None:
    ids = [(await db.changes.execute(written(str(n), content="路灯 2026"))).ticket_id for n in range(3)]
    ids.append((await db.changes.execute(written("x", at=NOON + timedelta(days=1)))).ticket_id)
    await indexed(db)
    for newest_first in (True, False):
        for text in ("202611230000002", "20261123-0000002", "＃20261123－0000002", "#2", "0000002", "002"):
            assert await found(db, text=text, newest_first=newest_first) == [ids[1]], text
        for text, count in (("20261123", 3), ("2026", 3), ("#1", 2), ("20261124", 1), ("#9", 0), ("20270101", 0)):
            assert len(await found(db, text=text, newest_first=newest_first)) == count, text
    assert await found(db, text="#1", created_from=NOON + timedelta(hours=20)) == [ids[3]]
    with pytest.raises(RejectedInput):
        await found(db, text="a\x00")


async def test_nothing_personal_is_in_the_index_and_whole_numbers_and_names_are_looked_up(db: Database) -> None:
    told_of = {"name": "张三丰", "callback_phone": "+8613900139000"}
    ticket = (await db.changes.execute(written("1", phone=PHONE, content="我叫张三丰", requester=told_of))).ticket_id
    hidden = (await db.changes.execute(written("2", phone=PHONE, requester=told_of | {"secret": True}))).ticket_id
    await indexed(db)
    for text in ("张三丰", "三丰", PHONE, "13800138000"):
        assert await found(db, text=text) == [], text
    for query in ({"phone": PHONE}, {"phone": "+8613900139000"}, {"name": "张三丰"}):
        for newest_first in (True, False):
            assert await found(db, **query, newest_first=newest_first) == [ticket], query
            both = await found(db, **query, hidden_too=True, newest_first=newest_first)
            assert sorted(both) == sorted([ticket, hidden]), query
    for query in ({"phone": PHONE[:-1]}, {"name": "张三"}, {"name": "张三丰", "text": "没有"}):
        assert await found(db, **query) == [], query


async def test_what_is_erased_is_in_no_index(db: Database) -> None:
    ticket = (await db.changes.execute(written("1", content="停水通知", requester={"name": "张三丰"}))).ticket_id
    await indexed(db)
    assert await db.erasures.close(ticket, "user:x")
    for _ in range(2):
        assert await found(db, text="停水", newest_first=True) == await found(db, name="张三丰", hidden_too=True) == []
        left = await db.sql.read(lambda c: c.execute(sa.select(s.ticket_texts)).all())
        assert left == []
        await indexed(db)
    assert await db.erasures.compact()


async def test_what_is_altered_while_it_is_masked_is_left_to_its_own_change(db: Database) -> None:
    """A slice that was read before an erasure does not bring its words back."""
    ticket = (await db.changes.execute(written("1", content="停水通知"))).ticket_id
    await db.search.keep_rules()
    write = db.sql.write
    closed = False

    async def first_erase(work: Any) -> Any:
        nonlocal closed
        if not closed:
            closed = True
            await db.erasures.close(ticket, "user:x")
        return await write(work)

    object.__setattr__(db.sql, "write", first_erase)
    assert await db.search.some()
    assert await db.sql.read(lambda c: c.execute(sa.select(s.ticket_texts)).all()) == []
    await indexed(db)
    assert await found(db, text="停水") == []


async def test_new_rules_of_masking_make_all_texts_anew(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = (await db.changes.execute(written("1", content="停水通知"))).ticket_id
    await indexed(db)
    monkeypatch.setattr(masking, "searchable", lambda _: "停电")
    assert not await db.search.keep_rules()
    await indexed(db)
    assert await found(db, text="停水") == [ticket]
    monkeypatch.setattr(masking, "RULES", masking.RULES + 1)
    assert await db.search.keep_rules()
    assert await found(db, text="停水") == [ticket], "what is there is found meanwhile"
    await indexed(db)
    assert await found(db, text="停电", newest_first=True) == [ticket]
    monkeypatch.setattr(masking, "RULES", masking.RULES - 1)
    assert not await db.search.keep_rules(), "an older program leaves the texts of a newer one alone"


async def test_everything_is_rebuilt_from_the_record(db: Database) -> None:
    records = await city(db, 20, seed=3)
    await indexed(db)
    wanted = [one["ticket_id"] for one in records if fits(one, {"text": "停"})][::-1]
    assert wanted

    def spoil(connection: sa.Connection) -> None:
        connection.execute(sa.update(s.ticket_facets).values(unit="X9"))
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO ticket_pairs (ticket_pairs) VALUES ('delete-all')")
        else:
            connection.execute(sa.update(s.ticket_texts).values(pairs=sa.null()))

    await db.sql.write(spoil)
    await db.search.rebuild()
    assert await db.search.left() is not None
    await indexed(db)
    assert await db.search.left() is None
    assert await found(db, unit="X9") == []
    assert await found(db, text="停", newest_first=True) == wanted


async def test_a_call_of_which_nothing_is_known_is_listed_and_not_searched(db: Database) -> None:
    ticket = (await db.changes.execute(call("1"))).ticket_id
    await indexed(db)
    assert await found(db, newest_first=True) == [ticket]
    assert await db.sql.read(lambda c: c.execute(sa.select(s.ticket_texts)).all()) == []


async def test_the_follower_takes_in_each_commit_by_itself(db: Database) -> None:
    running = asyncio.create_task(db.search.run())
    try:
        for n in range(3):
            ticket = (await db.changes.execute(written(str(n), content=f"第{n}件 停水"))).ticket_id
            await until(lambda n=n, ticket=ticket: _is_found(db, f"第{n}件", ticket), "it to be found")  # type: ignore[misc]  # mypy infers no lambda with a default
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _is_found(db: Database, text: str, ticket_id: str) -> bool:
    return await found(db, text=text, newest_first=True) == [ticket_id]
