"""Whatever is wrong with the tables that decide about cases, every process starts, and calls do not wait for them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.bootstrap.house import open_house
from gateway.casework.catalogue_versions import DIRECTORY, DISPATCH, KINDS
from gateway.ports.catalogues import CatalogueVersion
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable
from gateway.storage.database import open_database
from tests.support.clocks import NOON

pytestmark = pytest.mark.integration


def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, channel=(ChannelTable(id="hotline", kind="sip"),))


async def spoil(folder: Path) -> None:
    """A row of each table that nobody can read, as the first there is."""
    of = settings(folder)
    database = await open_database("", data_dir=folder, zone=of.zone)
    for kind in KINDS:
        await database.catalogues.add(
            CatalogueVersion(kind=kind, version=1, author="x", at=NOON, note="", body="{", sha256="x")
        )
    await database.aclose()


@pytest.mark.parametrize("parts", [["voice"], ["worker"], ["web"], ["voice", "web", "worker"]])
async def test_a_process_starts_by_the_plan_where_no_table_can_be_read(tmp_path: Path, parts: list[str]) -> None:
    await spoil(tmp_path)
    async with AsyncExitStack() as stack:
        house = await open_house(settings(tmp_path), parts, stack, migrate=False)
        await house.base.tables.refresh()
        assert (house.base.tables.policy_name, house.base.tables.in_force.versions) == ("policy:0", ())


async def test_who_takes_calls_has_read_nothing_when_it_starts_and_holds_no_dispatch_table_then(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        worker = await open_house(settings(tmp_path), ["worker"], stack, migrate=True)
        assert worker.base.tables.in_force.versions == (f"{DIRECTORY}:1", f"{DISPATCH}:1")
        voice = await open_house(settings(tmp_path), ["voice"], stack, migrate=False)
        assert voice.base.tables.in_force.versions == ()
        assert await voice.base.tables.refresh()
        assert voice.base.tables.in_force.versions == (f"{DIRECTORY}:1",)
        assert voice.base.tables.rules.policy.version == 1
