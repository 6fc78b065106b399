"""What a batch looks up is found by an index, however large the tables are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from gateway.domain.case.for_unit import EVENTS
from gateway.edge.system_clock import SystemClock
from gateway.ports.cases import TaskQuery
from gateway.ports.store import TicketQuery
from gateway.storage import conversations, delivery_rows, load, merged, open_work, tasks, ways
from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.bulk import Query
from gateway.storage.case_lists import SqlCaseLists
from gateway.storage.leases import SqlLeaseStore
from gateway.storage.notice_rows import SqlNoticeStore
from gateway.storage.search import page
from gateway.storage.takeable import Queue
from gateway.storage.watched import WatchedSql

pytestmark = pytest.mark.integration


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    t.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    "column",
    [
        t.seen_keys.c.external_id,
        t.identities.c.value,
        t.tickets.c.ticket_id,
        t.interactions.c.interaction_id,
        t.messages.c.interaction_id,
        t.segments.c.interaction_id,
        t.serials.c.day,
        t.events.c.event_seq,
    ],
    ids=str,
)
def test_looking_up_many_keys_reads_no_whole_table(connection: sa.Connection, column: sa.Column[object]) -> None:
    compiled = sa.select(column.table).where(among(column, ["a", "b"])).compile(connection)
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]
    assert plan[0].startswith(f"SEARCH {column.table.name} "), plan


QUERIES = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in (tasks, load, conversations, merged)
    for name, value in vars(module).items()
    if isinstance(value, Query)
}


@pytest.mark.parametrize("name", QUERIES)
def test_what_every_message_asks_reads_no_whole_table(connection: sa.Connection, name: str) -> None:
    compiled = QUERIES[name].select.compile(connection)
    values = tuple("[]" for _ in compiled.positiontup or ())
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]
    # What a query made itself, out of rows found by an index, it may read through.
    own = {step.removeprefix("CO-ROUTINE ") for step in plan if step.startswith("CO-ROUTINE ")}
    scans = [step for step in plan if step.startswith("SCAN ") and "json_each" not in step]
    assert not [step for step in scans if step.removeprefix("SCAN ") not in own], plan


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_whole_number_is_looked_up_by_an_index(connection: sa.Connection, *, newest_first: bool) -> None:
    query = TicketQuery(phone="+8613800138000", empty=False, newest_first=newest_first)
    plans = _explained(connection, lambda: _read_page(connection, query))
    assert any("tickets_by_phone" in step for step in plans), plans
    assert not [step for step in plans if step.startswith("SCAN ") and "json_each" not in step], plans


def _read_page(connection: sa.Connection, query: TicketQuery) -> None:
    connection.execute(page(connection, query, ZoneInfo("UTC"), after=None, limit=51)).all()


def _explained(connection: sa.Connection, work: Callable[[], None]) -> list[str]:
    """How SQLite answers everything that ``work`` asks."""
    plans: list[str] = []
    with _explaining(connection, plans):
        work()
    return plans


@contextmanager
def _explaining(connection: sa.Connection, plans: list[str]) -> Iterator[None]:
    def explain(own: sa.Connection, _cursor: object, statement: str, values: object, *_: object) -> None:
        if not statement.startswith("EXPLAIN"):
            plans.extend(row[3] for row in own.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))

    sa.event.listen(connection, "before_cursor_execute", explain)
    try:
        yield
    finally:
        sa.event.remove(connection, "before_cursor_execute", explain)


@pytest.mark.parametrize("query", [{}, {"since": 5}, {"since": 5, "channel": "sip", "empty": False}], ids=str)
def test_changes_are_read_in_their_order(connection: sa.Connection, query: dict[str, Any]) -> None:
    plans = _explained(connection, lambda: _read_page(connection, TicketQuery(**query)))
    assert [step for step in plans if "tickets_by_seq" in step], plans
    assert not [step for step in plans if "TEMP B-TREE" in step and "ORDER BY" in step], plans


@pytest.mark.parametrize(
    "query",
    [
        {"text": "停水"},
        {"text": "停水", "unit": "E01", "empty": False},
        {"unit": "E01"},
        {"category": "01", "status": "archived"},
        {"division": "460105", "line": "enterprise"},
        {"due_to": datetime(2026, 11, 29, tzinfo=UTC)},
        {"created_from": datetime(2026, 11, 29, tzinfo=UTC), "channel": "sip"},
    ],
    ids=str,
)
def test_the_newest_of_a_list_are_found_without_reading_documents(
    connection: sa.Connection, query: dict[str, Any]
) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executescript(FACETS)
    plans = _explained(connection, lambda: _read_page(connection, TicketQuery(newest_first=True, **query)))
    own = {step.removeprefix("CO-ROUTINE ") for step in plans if step.startswith("CO-ROUTINE ")}
    scans = [step for step in plans if step.startswith("SCAN ") and "json_each" not in step]
    # The virtual index of pairs is always said to be scanned; with a word it reads that word's list.
    assert not [s for s in scans if s.removeprefix("SCAN ") not in own and "ticket_pairs VIRTUAL" not in s], plans
    assert not [step for step in plans if step.startswith("SEARCH tickets ") and "tickets_by_no" not in step], plans


@pytest.mark.parametrize("unit", ["M02", None])
@pytest.mark.parametrize("is_open", [True, False, None])
@pytest.mark.parametrize("cursor", [None, "2026-11-24T04:00:00.000Z|k1", "|k1"])
async def test_a_page_of_tasks_is_read_in_its_order(
    connection: sa.Connection, unit: str | None, *, is_open: bool | None, cursor: str | None
) -> None:
    """However many a unit has had."""
    lists = SqlCaseLists(sql=Reading(connection))  # type: ignore[arg-type]  # all that is asked of it is ``read``
    query = TaskQuery(unit=unit, open=is_open, cursor=cursor)
    _in_order(await _explained_while(connection, lists.tasks(query)))


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_unit_s_tasks_are_read_in_their_order(connection: sa.Connection, *, is_open: bool) -> None:
    lists = SqlCaseLists(sql=Reading(connection))  # type: ignore[arg-type]  # as above
    for cursor in (None, "|k1", "2026-11-24T04:00:00.000Z|k1"):
        query = TaskQuery(unit="M02", open=is_open, newest_first=not is_open, cursor=cursor)
        _in_order(await _explained_while(connection, lists.tasks(query)))


async def test_what_became_of_a_case_is_read_from_its_newest_on(connection: sa.Connection) -> None:
    lists = SqlCaseLists(sql=Reading(connection))  # type: ignore[arg-type]  # as above
    _in_order(await _explained_while(connection, lists.events("t", EVENTS)))


def _in_order(plans: list[str]) -> None:
    assert plans
    assert not [step for step in plans if step.startswith("SCAN ") or "TEMP B-TREE" in step], plans


class Reading:
    """A database that reads on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def read(self, work: Callable[[sa.Connection], Any]) -> Any:
        return work(self._connection)


async def _explained_while(connection: sa.Connection, asking: Awaitable[Any]) -> list[str]:
    """How SQLite answers everything that is asked meanwhile."""
    plans: list[str] = []
    with _explaining(connection, plans):
        await asking
    return plans


FILL = """
CREATE TEMP TABLE n AS WITH RECURSIVE n(n, at) AS (
  SELECT 1, '2026-11-23T04:00:00.000Z' UNION ALL SELECT n + 1, at FROM n WHERE n < 100000
) SELECT n, at, n <= 3 AS open FROM n;
INSERT INTO tickets SELECT 't' || n, n, 'closed', 'citizen', 'phone', 'hotline', 0, open, at, at, 1, n, 'r' || n, NULL,
  NULL, 0, '', '', '{}', NULL, NULL FROM n;
INSERT INTO interactions (interaction_id, ticket_id, channel, channel_id, direction, started_at, ended_at, disposition,
  recording_path, doc) SELECT 'i' || n, 't' || n, 'phone', 'hotline', 'inbound', at, at, 'completed', 'r', '{}' FROM n;
INSERT INTO outbox SELECT 'm' || n, 'sms', 'p', n, 't' || n, 'i' || n, 'x',
  CASE WHEN open THEN 'queued' ELSE 'sent' END,
  0, at, NULL, at, NULL, NULL, NULL, '{}', NULL FROM n;
INSERT INTO callbacks SELECT 'c' || n, 't' || n, 'r' || n, 'citizen', NULL, CASE WHEN open THEN 'open' ELSE 'done' END,
  at, 0, at, 1, '{}' FROM n;
INSERT INTO events SELECT n, 'e' || n, 'ticket.registered', at, 't', n, NULL, 'x', '{}', NULL FROM n;
INSERT INTO feeds (feed, cursor) VALUES ('cases', 99999);
INSERT INTO deliveries (feed, event_seq, ticket_id, attempts, next_at, head)
  SELECT 'cases', 99999, 't', 0, at, 1 FROM n WHERE n = 1;
INSERT INTO clocks (clock_id, ticket_id, task_id, kind, unit, due_at, next_at, leased_by, leased_at)
  SELECT 'c' || n, 't' || n, 'k', 'reply', 'M02', at,
  CASE WHEN n <= 3 THEN at WHEN n <= 50000 THEN '2026-12-24T04:00:00.000Z' END,
  CASE WHEN n = 3 THEN 'w' END, CASE WHEN n = 3 THEN at END FROM n;
INSERT INTO notices (event_seq, unit, way, address, ticket_id, ticket_no, type, urgent, at, due_at, attempts, next_at,
  sent_at) SELECT n, 'M' || n % 60, 'sms', 'a', 't', n, 'clock.breached', 0, at, at, 0,
  CASE WHEN open THEN at END, CASE WHEN NOT open THEN at END FROM n;
"""
"""100,000 of everything is kept, three of each are open."""
FACETS = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40000)
INSERT INTO ticket_facets (no, ticket_id, status, line, channel, empty, created_at)
SELECT 202611230000000 + n, 't' || n, 'archived', 'citizen', 'sip', 0, '2026-11-23T04:00:00.000Z' FROM n;
"""
"""More than the newest that are looked through one by one."""


def test_what_is_open_is_counted_at_the_cost_of_what_is_open(connection: sa.Connection) -> None:
    """By SQLite's own count of its steps."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executescript(FILL)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    driver.set_progress_handler(step, 100)
    work = open_work._counted(connection, "2026-11-24T04:00:00.000Z", ["cases"])
    driver.set_progress_handler(None, 0)
    assert (work.transcripts.waiting, work.outbox["sms"].waiting, work.callbacks_overdue) == (3, 3, 3)
    assert work.feeds["cases"].waiting == 2
    assert (work.clocks.waiting, work.notices["sms"].waiting) == (3, 3)
    assert steps < 2000, "a whole table was read"


class Looking:
    """A database that is asked for one query after the other, and only tells how it would answer them."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.plans: list[str] = []

    async def read(self, work: Callable[[sa.Connection], Any]) -> Any:
        return work(self)  # type: ignore[arg-type]  # all that is asked of it is ``execute``

    def execute(self, query: sa.Select[Any]) -> sa.CursorResult[Any]:
        compiled = query.compile(self.connection, compile_kwargs={"literal_binds": True})
        self.plans += [row[3] for row in self.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
        return self.connection.execute(query)


async def test_looking_for_leases_reads_those_that_stand(connection: sa.Connection) -> None:
    """Once a second or more often, beside millions of calls that are over and of events that wait."""
    looking: Any = Looking(connection)
    sql = WatchedSql(looking, SystemClock())
    leases = SqlLeaseStore(sql=sql)
    await leases.run_out(15)
    await leases.release(lambda _: False)
    await leases.released()
    await Queue(f.deliveries, f.deliveries.c.feed == "cases", sql=sql, clock=SystemClock()).takeable(15)
    looked_at = [plan for plan in looking.plans if "interactions" in plan or "deliveries" in plan]
    assert len(looked_at) == 4
    assert all("INDEX interactions_live" in plan or "INDEX deliveries_leased" in plan for plan in looked_at), looked_at


def test_a_contact_s_way_is_found_by_indexes(connection: sa.Connection) -> None:
    plans: list[str] = []

    def explain(own: sa.Connection, _cursor: object, statement: str, values: object, *_: object) -> None:
        if not statement.startswith("EXPLAIN"):
            plans.extend(row[3] for row in own.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))

    sa.event.listen(connection, "before_cursor_execute", explain)
    assert ways._named(connection, "0" * 32) is None
    assert ways._way(connection, "t", "i", limit=10).feeds == {}
    steps = [plan for plan in plans if plan.startswith(("SCAN", "SEARCH"))]
    assert len([plan for plan in steps if plan.startswith("SEARCH")]) >= 9
    assert {plan for plan in steps if plan.startswith("SCAN")} <= {
        "SCAN feeds",
        "SCAN json_each VIRTUAL TABLE INDEX 1:",
    }


def test_booking_a_delivery_costs_the_same_however_much_waits(connection: sa.Connection) -> None:
    """What is delivered, fails, dies or comes back: by SQLite's own count of its steps, beside 50,000 that wait."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executescript(
        """
        WITH RECURSIVE seqs(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM seqs WHERE n < 50000)
        INSERT INTO deliveries (feed, event_seq, ticket_id, attempts, next_at, head)
        SELECT 'cases', n, 't' || (n % 10000), 0, '2026-11-24T04:00:00.000Z', n <= 10000 FROM seqs;
        """
    )
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    driver.set_progress_handler(step, 100)
    delivery_rows.end(connection, "cases", [1, 2, 3, 4])
    delivery_rows.fail(connection, "cases", 5, {"next_at": "2026-11-24T05:00:00.000Z"})
    delivery_rows.fail(connection, "cases", 6, {"dead_at": "2026-11-24T05:00:00.000Z", "head": False})
    delivery_rows.revive(connection, "cases", [6], "2026-11-24T05:00:00.000Z")
    driver.set_progress_handler(None, 0)
    heads = "SELECT event_seq FROM deliveries WHERE head AND ticket_id IN ('t1', 't4', 't5', 't6') ORDER BY event_seq"
    assert [row[0] for row in driver.execute(heads)] == [5, 6, 10_001, 10_004]
    assert steps < 5000, "all that waits was read"


async def test_what_units_were_told_is_forgotten_at_the_cost_of_what_is_old(connection: sa.Connection) -> None:
    """Each minute, beside what was sent in a quarter of a year."""
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.executescript(FILL)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 100
        return 0

    writing: Any = Writing(connection)
    store = SqlNoticeStore(sql=writing, clock=SystemClock())
    driver.set_progress_handler(step, 100)
    assert await store.forget(datetime(2026, 11, 23, tzinfo=UTC)) == 0
    driver.set_progress_handler(None, 0)
    assert steps < 50_000, "all that is kept was read"
    driver.execute("UPDATE notices SET at = '2026-08-01T00:00:00.000Z', sent_at = at WHERE event_seq <= 2500")
    driver.execute("UPDATE notices SET sent_at = NULL, dead_at = at WHERE event_seq BETWEEN 10 AND 1200")
    assert await store.forget(datetime(2026, 11, 23, tzinfo=UTC)) == 0, "by when they left"
    driver.execute(
        "UPDATE notices SET sent_at = '2026-08-01T00:00:00.000Z' WHERE event_seq <= 2500 AND dead_at IS NULL"
    )
    assert await store.forget(datetime(2026, 11, 23, tzinfo=UTC)) == 2500 - 1191


class Writing:
    """A database that reads and writes on one connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    async def read(self, work: Callable[[sa.Connection], Any]) -> Any:
        return work(self._connection)

    async def write(self, work: Callable[[sa.Connection], Any]) -> Any:
        return work(self._connection)
