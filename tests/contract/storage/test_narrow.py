"""Filters by time, category and map, and finding what a delivery came to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.keys import ExternalKey
from gateway.ports.store import TicketQuery
from gateway.storage.database import Database
from tests.contract.storage.changes import call, written
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]
DAY = timedelta(days=1)


async def numbers(db: Database, **query: object) -> list[str]:
    page = await db.reader.tickets(TicketQuery(**query))  # type: ignore[arg-type]  # keywords of the test
    return [item["demand"]["content"] for item in page.items]


async def test_time_of_registration(db: Database) -> None:
    for n in range(4):
        await db.changes.execute(written(str(n), at=NOON + n * DAY, content=f"day {n}"))
    assert await numbers(db, created_from=NOON + DAY) == ["day 1", "day 2", "day 3"]
    assert await numbers(db, created_to=NOON + DAY) == ["day 0"]
    assert await numbers(db, created_from=NOON + DAY, created_to=NOON + 2 * DAY, newest_first=True) == ["day 1"]
    assert await numbers(db, newest_first=True, skip=1, limit=2) == ["day 2", "day 1"]
    assert await numbers(db, skip=10**30) == []


async def test_words_codes_and_the_map(db: Database) -> None:
    place = {("place", "lat"): 20.044, ("place", "lon"): 110.192, ("demand", "category"): {"code": "0101"}}
    await db.changes.execute(written("a", content="here", fields=place))
    await db.changes.execute(written("b", content="nowhere", fields={("demand", "type"): "praise"}))
    await db.changes.execute(call("c"))
    assert await numbers(db, bbox=(20.0, 110.0, 20.1, 110.3)) == ["here"]
    assert await numbers(db, bbox=(20.0, 110.2, 20.1, 110.3)) == []
    assert await numbers(db, categories=("0101",)) == ["here"]
    assert await numbers(db, categories=("0102",)) == []
    assert await numbers(db, categories=("0101", "praise")) == ["here", "nowhere"]
    assert await numbers(db, statuses=("archived", "registered"), channels=("platform",)) == ["here", "nowhere"]
    assert await numbers(db, statuses=("archived",)) == []


async def test_named_tickets_that_fit_the_other_filters(db: Database) -> None:
    made = [(await db.changes.execute(written(str(n), content=f"no {n}"))).ticket_id for n in range(4)]
    silent = (await db.changes.execute(call("c"))).ticket_id
    assert await numbers(db, ids=(made[2], made[0])) == ["no 0", "no 2"]
    assert await numbers(db, ids=(made[2], made[0]), newest_first=True, limit=1) == ["no 2"]
    assert await numbers(db, ids=(made[1], silent), empty=False) == ["no 1"]
    assert await numbers(db, ids=(made[1],), statuses=("archived",)) == []
    assert await numbers(db, ids=("0" * 26, "' OR 1=1 --")) == []


async def test_a_delivery_is_found_by_each_of_its_names(db: Database) -> None:
    name = ExternalKey(channel_id="web", external_id="event:1")
    first = await db.changes.execute(written("k1", also=(name,)))
    second = await db.changes.execute(written("k2", also=(name,)))
    assert second.ticket_id != first.ticket_id
    for key, wanted in (("k1", first), ("k2", second), ("event:1", first)):
        found = await db.reader.delivered("web", key)
        assert found is not None
        assert found["ticket_id"] == wanted.ticket_id, key
    assert await db.reader.delivered("other", "k1") is None


async def test_where_changes_since_an_instant_begin(db: Database) -> None:
    assert await db.reader.changed_since(NOON) == 0
    for n in range(6):
        await db.changes.execute(written(str(n), at=NOON + n * DAY, content=f"day {n}"))
    since = await db.reader.changed_since(NOON + 4 * DAY)
    assert await numbers(db, since=since) == ["day 4", "day 5"]
    assert await db.reader.changed_since(NOON + 9 * DAY) == await db.reader.last_event_seq()
