"""Each table stands for itself: what cannot be read of one leaves the others, and the newest that can be read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.casework.catalogue_versions import (
    CALENDAR,
    DIRECTORY,
    DISPATCH,
    KINDS,
    POLICY,
    directory_of,
    newest_readable,
)
from gateway.casework.catalogues import Catalogues
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.case.rules_in_force import CaseRules
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.storage.database import Database
from gateway.telemetry.alarms import ringing
from gateway.telemetry.exposition import measured
from tests.support.casework import SHIPPED
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.command import ROOT
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]

UNITS = "code,name_zh,kind,hours\nM02,市水务局,department,mon-fri 08:30-17:30\nM07,市市政管理局,department,\n"
FILES = {
    DIRECTORY: UNITS,
    DISPATCH: "category,division,line,unit,role,note\n01,*,*,M02,lead,\n",
    POLICY: (ROOT / "config" / "case_policy.yaml").read_text(encoding="utf-8"),
    CALENDAR: "date,kind,name_zh,name_en,notice\n2026-10-01,holiday,国庆节,National Day,x\n",
}
UNREADABLE = {
    "no JSON": "{",
    "no rows": '{"code": "M02"}',
    "no objects": "[1]",
    "nothing": "null",
    DIRECTORY: '[{"code": "M02", "kind": "ministry"}]',
    "hours": '[{"code": "M02", "kind": "department", "hours": "always"}]',
    DISPATCH: '[{"category": "01", "role": "owner"}]',
    POLICY: '[{"text": "limits: nonsense"}]',
    CALENDAR: '[{"text": "day,what"}]',
}
CASES = [(kind, name) for kind in KINDS for name in UNREADABLE if name not in KINDS or name == kind]
CASES.remove((DISPATCH, "hours"))
"""A dispatch table has no hours."""


async def adopted(db: Database) -> Catalogues:
    categories = {"01": "供水排水", "0101": "供水故障"}
    catalogues = Catalogues(store=db.catalogues, clock=SetClock(), categories=categories, divisions={})
    for kind, text in FILES.items():
        await catalogues.import_table(kind, text.encode(), author="cli:li", note="")
    return catalogues


def tables_of(store: CatalogueStore, told: list[CaseRules], **options: Any) -> TablesInForce:
    return TablesInForce(store=store, zone=SHANGHAI, tell=told.append, **options)


async def put(db: Database, kind: str, body: str) -> int:
    """What another release wrote, or somebody with SQL."""
    number = (await db.catalogues.newest_versions()).get(kind, 0) + 1
    row = CatalogueVersion(kind=kind, version=number, author="x", at=NOON, note="", body=body, sha256="x")
    await db.catalogues.add(row)
    return number


def unreadable() -> set[str | None]:
    return {one.of for one in ringing(measured()) if one.name == "case_table_unreadable"}


def names(tables: TablesInForce) -> tuple[str, ...]:
    return (tables.policy_name, *tables.in_force.versions)


@pytest.mark.parametrize(("kind", "name"), CASES)
async def test_what_cannot_be_read_leaves_all_that_can_rings_and_is_repaired_by_an_import(
    db: Database, kind: str, name: str
) -> None:
    catalogues = await adopted(db)
    running = tables_of(db.catalogues, [])
    await running.refresh()
    policy = running.rules.policy
    await put(db, kind, UNREADABLE[name])
    other = DISPATCH if kind == DIRECTORY else DIRECTORY
    text = FILES[other].replace("市水务局", "市水务和海洋局").replace("lead,", "lead,夜间")
    await put(db, kind, UNREADABLE[name])
    await catalogues.import_table(other, text.encode(), author="cli:li", note="")
    told: list[CaseRules] = []
    begun = tables_of(db.catalogues, told)
    for tables in (running, begun):
        assert await tables.refresh()
        assert f"{other}:2" in tables.in_force.versions, "the other table counts all the same"
        assert f"{kind}:1" in (*names(tables), f"{CALENDAR}:1"), "the newest that can be read is in force"
        assert tables.rules.calendars["M02"].public.years == {2026}
        assert tables.in_force.table.rules
        assert unreadable() == {kind}
        assert not await tables.refresh()
    assert [one.policy.version for one in told] == [0, 1]
    assert running.rules.policy is policy
    await catalogues.import_table(kind, FILES[kind].encode(), author="cli:li", note="")
    for tables in (running, begun):
        assert await tables.refresh()
        assert f"{kind}:4" in (*names(tables), f"{CALENDAR}:4")
    assert unreadable() == set()
    assert (await db.catalogues.newest_versions())[kind] == 4


async def test_where_none_can_be_read_there_are_the_plan_s_limits_and_no_units(db: Database) -> None:
    for kind in KINDS:
        await put(db, kind, "{")
    told: list[CaseRules] = []
    tables = tables_of(db.catalogues, told)
    assert await tables.refresh()
    assert (names(tables), dict(tables.in_force.directory.units)) == (("policy:0",), {})
    assert unreadable() == set(KINDS)
    catalogues = await adopted(db)
    assert await tables.refresh()
    assert names(tables) == ("policy:2", "directory:2", "dispatch:2")
    assert unreadable() == set()
    assert {row["code"] for row in await catalogues.rows(DIRECTORY)} == {"M02", "M07"}


async def test_what_is_urgent_is_known_before_any_version_is_read_and_where_there_is_none(db: Database) -> None:
    told: list[CaseRules] = []
    tables = tables_of(db.catalogues, told, matters=SHIPPED.matters)
    assert [one.matters for one in told] == [SHIPPED.matters]
    assert not await tables.refresh()
    assert [one.matters for one in told] == [SHIPPED.matters]


async def test_an_unreadable_earlier_policy_costs_nothing_but_itself(db: Database) -> None:
    await put(db, POLICY, "{")
    await adopted(db)
    tables = tables_of(db.catalogues, [])
    assert await tables.refresh()
    assert names(tables) == ("policy:2", "directory:1", "dispatch:1")
    assert set(tables.rules.earlier) == {0, 2}
    assert unreadable() == set()


async def test_a_process_that_does_not_dispatch_holds_no_dispatch_table(db: Database) -> None:
    await adopted(db)
    tables = tables_of(db.catalogues, [], kinds=KINDS.keys() - {DISPATCH})
    assert await tables.refresh()
    assert (tables.in_force.versions, tables.in_force.table.rules) == (("directory:1",), ())
    assert set(tables.rules.calendars) == {"M02"}
    await put(db, DISPATCH, "{")
    assert not await tables.refresh()


class Gated:
    """A store whose first answer waits until it is let go."""

    def __init__(self, store: CatalogueStore) -> None:
        self._store = store
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def one(self, kind: str, version: int) -> CatalogueVersion:
        self.asked.set()
        await self.may.wait()
        return await self._store.one(kind, version)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_what_is_in_force_is_never_older_than_it_was(db: Database) -> None:
    catalogues = await adopted(db)
    told: list[CaseRules] = []
    store: Any = Gated(db.catalogues)
    tables = tables_of(store, told)
    slow = asyncio.create_task(tables.refresh())
    await store.asked.wait()
    changed = FILES[POLICY].replace("archive_alone: true", "archive_alone: false")
    await catalogues.import_table(POLICY, changed.encode(), author="cli:li", note="")
    later = asyncio.create_task(tables.refresh())
    await asyncio.sleep(0)
    store.may.set()
    await asyncio.gather(slow, later)
    assert [one.policy.version for one in told] == sorted(one.policy.version for one in told)
    assert tables.rules.policy.version == 2


async def test_a_version_is_read_beside_the_loop(db: Database) -> None:
    await adopted(db)

    def read(version: CatalogueVersion) -> tuple[int, Mapping[str, Any]]:
        return threading.get_ident(), directory_of(version).units

    found = await newest_readable(db.catalogues, DIRECTORY, 1, read)
    assert found is not None
    assert found.value[0] != threading.get_ident()
    assert set(found.value[1]) == {"M02", "M07"}


async def test_units_are_called_as_the_directory_in_force_calls_them(db: Database) -> None:
    catalogues = await adopted(db)
    tables = tables_of(db.catalogues, [])
    assert tables.unit_name("M02") is None
    await tables.refresh()
    assert tables.unit_name("M02") == ("市水务局", "市水务局")
    renamed = UNITS.replace("市水务局,", "市水务和海洋局,")
    await catalogues.import_table(DIRECTORY, renamed.encode(), author="cli:li", note="")
    await tables.refresh()
    assert tables.unit_name("M02") == ("市水务和海洋局", "市水务和海洋局")
    assert tables.unit_name("M99") is None
