"""What a batch looks up is found by an index, however large the tables are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.among import among

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
        t.requesters.c.requester_id,
        t.tickets.c.ticket_id,
        t.interactions.c.interaction_id,
        t.messages.c.interaction_id,
        t.callbacks.c.interaction_id,
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
