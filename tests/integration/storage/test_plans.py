"""What a batch looks up is found by an index, however large the tables are."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from gateway.ports.store import TicketQuery
from gateway.storage import batch_callbacks, batch_state, conversations, ways
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.bulk import Query
from gateway.storage.reader import _page

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
    for module in (batch_callbacks, batch_state, conversations)
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
    compiled = _page(query, ZoneInfo("UTC")).limit(51).compile(connection)
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)]
    assert any("tickets_by_phone" in step for step in plan), plan
    assert not [step for step in plan if step.startswith("SCAN ")], plan


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
