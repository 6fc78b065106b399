"""The instant that the machines' clocks are held against, in the record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.domain.retention import DOUBT_S
from gateway.intake.media.retention import StoredRetentionClock
from gateway.storage.database import Database
from tests.contract.storage.changes import written
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]

DECADE_S = 10 * 365 * 86_400.0


def retention(db: Database, clock: SetClock) -> StoredRetentionClock:
    return StoredRetentionClock(states=db.channel_states, reader=db.reader, clock=clock)


async def test_an_empty_house_believes_its_clock(db: Database) -> None:
    assert await retention(db, SetClock()).believed() == NOON


async def test_after_an_upgrade_the_newest_event_tells(db: Database) -> None:
    await db.changes.execute(written("1", at=NOON))
    await db.changes.execute(written("2", at=NOON + timedelta(hours=1)))
    wrong, right = SetClock(), SetClock()
    wrong.jump(DECADE_S)
    right.jump(7200)
    assert await retention(db, wrong).believed() is None
    await db.changes.execute(written("3", at=wrong.at))
    assert await retention(db, wrong).believed() is None, "its own event proves nothing"
    assert await retention(db, right).believed() == right.at


async def test_what_a_leaped_clock_writes_does_not_make_it_believed(db: Database) -> None:
    """Contacts go on meanwhile, and their events bear its time; a restart does not help it either."""
    clock = SetClock()
    assert await retention(db, clock).believed() == NOON
    clock.jump(DECADE_S)
    running = retention(db, clock)
    with capture_logs() as logs:
        for n in range(3):
            await db.changes.execute(written(f"{n}", at=clock.at))
            assert await running.believed() is None
            assert await retention(db, clock).believed() is None
            clock.forward(3600)
    assert [entry["event"] for entry in logs].count("retention_clock_doubted") == 4, "once a process"
    assert REGISTRY.get_sample_value("gateway_retention_clock_doubted") == 1


async def test_a_house_that_stood_still_for_a_week_goes_on_after_some_hours(db: Database) -> None:
    clock = SetClock()
    assert await retention(db, clock).believed() is not None
    clock.jump(7 * 86_400)
    after = retention(db, clock)
    assert await after.believed() is None
    clock.forward(DOUBT_S)
    assert await after.believed() == clock.at
    assert await retention(db, clock).believed() == clock.at, "and for every process"
    assert REGISTRY.get_sample_value("gateway_retention_clock_doubted") == 0


async def test_one_machines_odd_clock_is_never_believed_beside_a_right_one(db: Database) -> None:
    right, odd = SetClock(), SetClock()
    odd.jump(-DECADE_S)
    ours, theirs = retention(db, right), retention(db, odd)
    for _ in range(50):
        assert await ours.believed() == right.at
        assert await theirs.believed() is None
        right.forward(3600)
        odd.forward(3600)
