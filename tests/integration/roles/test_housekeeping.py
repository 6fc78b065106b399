"""What a worker's minute deletes, and what a leaped clock keeps it from deleting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from gateway.bootstrap.foundation import open_foundation
from gateway.bootstrap.house import House
from gateway.intake.media.retention import StoredRetentionClock
from gateway.roles.housekeeping import housekeeping
from gateway.settings import Settings
from gateway.settings.sections import AttachmentsSection
from tests.support.clocks import ShiftedClock
from tests.support.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(data_dir=tmp_path, attachments=AttachmentsSection(retention_days=90))
    async with AsyncExitStack() as stack:
        yield House(await open_foundation(settings, stack, migrate=True), ["worker"])


def put(tmp_path: Path, days_ago: int) -> list[Path]:
    day = (datetime.now(UTC) - timedelta(days=days_ago)).date()
    paths = [
        tmp_path / "recordings" / f"{day:%Y/%m/%d}" / "a.wav",
        tmp_path / "attachments" / f"{day:%Y/%m/%d}" / ("a" * 64),
        tmp_path / "traces" / f"{day:%Y%m%d}" / "hotline.gw.voice.jsonl",
    ]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.touch()
    return paths


async def test_each_goes_after_its_own_time(house: House, tmp_path: Path) -> None:
    recording, attachment, trace = put(tmp_path, 100)
    old, new = put(tmp_path, 182), put(tmp_path, 10)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(duty()) for duty in housekeeping(house, apart=True).values()]
        await until(lambda: not any(path.exists() for path in (*old, attachment)))
        for task in tasks:
            task.cancel()
    assert all(path.exists() for path in (*new, recording, trace))


class Counting(StoredRetentionClock):
    """Counts how often somebody asks."""

    asked = 0

    async def believed(self) -> datetime | None:
        self.asked += 1
        return await super().believed()


async def test_a_clock_that_leaped_deletes_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.roles.housekeeping.EVERY_S", 0.01)
    paths = [*put(tmp_path, 182), *put(tmp_path, 10)]
    base = house.base
    assert await base.retention.believed() is not None
    states, reader = base.database.channel_states, base.database.reader
    base.retention = leaped = Counting(states=states, reader=reader, clock=ShiftedClock(ahead=timedelta(days=3650)))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(duty()) for duty in housekeeping(house, apart=True).values()]
        await until(lambda: leaped.asked > 40, "some rounds of each")
        for task in tasks:
            task.cancel()
    assert all(path.exists() for path in paths)
    assert REGISTRY.get_sample_value("gateway_retention_clock_doubted") == 1
