"""Versions of directory and dispatch table: whole or not at all, each with its author, never altered, rolled back."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import Any

import pytest

from gateway.casework.catalogue_versions import DIRECTORY, DISPATCH, as_csv
from gateway.casework.catalogues import INSTALLATION, Catalogues
from gateway.casework.simulation import simulate
from gateway.domain.case.dispatch import decide
from gateway.domain.case.dispatch_table import Dispatched
from gateway.edge.sheets import SheetRefused
from gateway.errors import ConfigError, Conflict, NotFound, RejectedInput
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.storage.database import Database
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]

CATEGORIES = {"01": "供水排水", "0101": "供水故障"}
DIVISIONS = {"460108": "美兰区", "460108101": "灵山镇"}
UNITS = """code,name_zh,kind,parent,areas,effective_to
M02,市水务局,department,,,
M07,市市政管理局,department,,,
D08,美兰区人民政府,district,,460108,
T1,灵山镇人民政府,town,D08,460108101,
"""
TABLE = "category,division,line,unit,role,note\n01,*,*,M02,lead,\n"
WATER = Dispatched(category="0101", division="460108101", line="citizen", on=date(2026, 11, 30))


@pytest.fixture
def catalogues(db: Database, clock: SetClock) -> Catalogues:
    return Catalogues(store=db.catalogues, clock=clock, categories=CATEGORIES, divisions=DIVISIONS)


@pytest.fixture
async def adopted(catalogues: Catalogues) -> Catalogues:
    await catalogues.adopt(shipped(UNITS, TABLE))
    return catalogues


def shipped(units: str, table: str | None) -> Callable[[str], bytes | None]:
    return {"units.csv": units.encode(), "dispatch.csv": None if table is None else table.encode()}.get


async def test_the_shipped_files_are_the_first_versions_and_only_once(adopted: Catalogues, db: Database) -> None:
    first = await db.catalogues.one(DISPATCH, 1)
    assert (first.name, first.author, first.note, first.at) == ("dispatch:1", INSTALLATION, "dispatch.csv", NOON)
    assert first.sha256 == sha256(first.body.encode()).hexdigest()
    await adopted.adopt(shipped(UNITS, TABLE.replace("M02", "M07")))
    assert await db.catalogues.all(DISPATCH) == [first]
    in_force = await adopted.in_force()
    assert in_force.versions == ("directory:1", "dispatch:1")
    assert decide(WATER, in_force.directory, in_force.table).lead == "M02"


async def test_a_city_without_a_dispatch_table_has_none_yet(catalogues: Catalogues) -> None:
    await catalogues.adopt(shipped(UNITS, None))
    in_force = await catalogues.in_force()
    assert in_force.versions == ("directory:1",)
    assert decide(WATER, in_force.directory, in_force.table).lead is None


async def test_an_import_is_a_new_version_with_its_author_and_what_it_changed(
    adopted: Catalogues, db: Database
) -> None:
    changed = TABLE.replace("M02,lead,", "M02,lead,夜间也受理") + "0101,460108101,*,M07,lead,\n"
    found = await adopted.import_table(DISPATCH, changed.encode("gbk"), author="cli:wang", note="灵山")
    assert found.version is not None
    assert (found.version.name, found.version.author) == ("dispatch:2", "cli:wang")
    altered, new = found.changes
    assert altered.fields == {"note": ("", "夜间也受理")}
    assert str(altered) == "~ 01 * * M02  note: ∅ → 夜间也受理"
    assert (new.before, new.key) == (None, ("0101", "460108101", "*", "M07", ""))
    (trail,) = await db.audit.read(actor="cli:wang")
    assert trail["action"] == "catalogue.imported"
    assert trail["detail"] == {"subject": "dispatch:2", "sha256": found.version.sha256}


async def test_what_says_the_same_in_another_order_is_no_new_version(adopted: Catalogues, db: Database) -> None:
    head, *rows = UNITS.splitlines()
    turned = "\n".join((head, *reversed(rows)))
    found = await adopted.import_table(DIRECTORY, turned.encode(), author="cli:wang", note="")
    assert found.version is None
    assert [one.version for one in await db.catalogues.all(DIRECTORY)] == [1]


async def test_nothing_of_a_table_with_a_wrong_row_comes_into_force(adopted: Catalogues, db: Database) -> None:
    with pytest.raises(SheetRefused, match="row 3: there is no unit 'M99'"):
        await adopted.import_table(DISPATCH, f"{TABLE}0101,*,*,M99,lead,\n".encode(), author="cli:wang", note="")
    assert [one.name for one in await db.catalogues.all(DISPATCH)] == ["dispatch:1"]
    assert await db.audit.read(actor="cli:wang") == []


async def test_a_unit_that_the_dispatch_table_names_cannot_be_left_out(adopted: Catalogues) -> None:
    without = "\n".join(line for line in UNITS.splitlines() if not line.startswith("M02"))
    with pytest.raises(SheetRefused, match="M02 is gone, but the dispatch table names it in row 2"):
        await adopted.import_table(DIRECTORY, without.encode(), author="cli:wang", note="")
    ended = UNITS.replace("市水务局,department,,,", "市水务局,department,,,2026-11-29")
    await adopted.import_table(DIRECTORY, ended.encode(), author="cli:wang", note="")
    in_force = await adopted.in_force()
    assert decide(WATER, in_force.directory, in_force.table).lead is None


async def test_rolling_back_brings_an_earlier_version_again_as_a_new_one(
    adopted: Catalogues, db: Database, clock: SetClock
) -> None:
    await adopted.import_table(DISPATCH, TABLE.replace("M02", "M07").encode(), author="cli:wang", note="")
    clock.forward(60)
    back = await adopted.roll_back(DISPATCH, 1, author="cli:li", note="误导入")
    assert back.version is not None
    assert (back.version.name, back.version.note) == ("dispatch:3", "dispatch:1 again: 误导入")
    assert await adopted.rows(DISPATCH) == await adopted.rows(DISPATCH, 1)
    newest, middle, first = await db.catalogues.all(DISPATCH)
    assert newest.body == first.body != middle.body
    with pytest.raises(NotFound, match="no version 9 of dispatch"):
        await adopted.roll_back(DISPATCH, 9, author="cli:li", note="")


async def test_a_version_that_names_what_is_gone_cannot_come_back(adopted: Catalogues) -> None:
    await adopted.import_table(DISPATCH, TABLE.replace("M02", "M07").encode(), author="cli:wang", note="")
    without = "\n".join(line for line in UNITS.splitlines() if not line.startswith("M02"))
    await adopted.import_table(DIRECTORY, without.encode(), author="cli:wang", note="")
    with pytest.raises(SheetRefused, match="row 2: there is no unit 'M02'"):
        await adopted.roll_back(DISPATCH, 1, author="cli:wang", note="")


@pytest.mark.usefixtures("adopted")
async def test_of_two_who_import_at_once_one_is_told(db: Database) -> None:
    first = await db.catalogues.one(DISPATCH, 1)
    second = replace(first, version=2)
    await db.catalogues.add(second)
    with pytest.raises(Conflict, match="somebody else"):
        await db.catalogues.add(replace(second, author="cli:li"))
    with pytest.raises(Conflict):
        await db.catalogues.add(replace(second, version=4))


async def test_what_sql_cannot_hold_is_refused(db: Database) -> None:
    with pytest.raises(RejectedInput):
        await db.catalogues.add(
            CatalogueVersion(kind=DISPATCH, version=1, author="a", at=NOON, note="\x00", body="[]", sha256="")
        )
    assert await db.catalogues.all(DISPATCH) == []


async def test_an_exported_version_is_the_same_when_it_is_imported(adopted: Catalogues) -> None:
    for kind in (DIRECTORY, DISPATCH):
        rows = await adopted.rows(kind)
        assert await adopted.read(kind, as_csv(kind, rows).encode("utf-8-sig")) == rows
        assert json.loads(json.dumps(rows)) == rows


async def test_a_version_of_an_older_release_has_the_columns_of_today(db: Database, catalogues: Catalogues) -> None:
    body = json.dumps([{"code": "M02", "name_zh": "市水务局", "kind": "department", "colour": "blue"}])
    await db.catalogues.add(
        CatalogueVersion(kind=DIRECTORY, version=1, author="a", at=NOON, note="", body=body, sha256="")
    )
    (row,) = await catalogues.rows(DIRECTORY)
    assert row["areas"] == ""
    assert "colour" not in row


async def test_a_changed_table_moves_the_tickets_that_it_would_have_given_to_others(adopted: Catalogues) -> None:
    before = await adopted.in_force()
    await adopted.import_table(DISPATCH, f"{TABLE}0101,460108101,*,M07,lead,\n".encode(), author="cli:wang", note="")
    elsewhere = replace(WATER, division="460108")
    undecided = replace(WATER, category=None)
    found = simulate([("1", WATER), ("2", elsewhere), ("3", undecided)], before, await adopted.in_force())
    assert (found.asked, found.undecided_before, found.undecided_after) == (3, 1, 1)
    assert [(one.ticket_no, one.before.lead, one.after.lead) for one in found.moved] == [("1", "M02", "M07")]
    assert found.ways == [("M02", "M07", 1)]


class Overtaken:
    """A store in front of which somebody else is quicker: ``first`` happens before anything is added."""

    def __init__(self, store: CatalogueStore, first: Callable[[], Awaitable[object]]) -> None:
        self._store, self._first = store, first

    async def add(self, new: CatalogueVersion, *, beside: Mapping[str, int] | None = None) -> None:
        await self._first()
        await self._store.add(new, beside=beside)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


WITHOUT_ROADS = "\n".join(line for line in UNITS.splitlines() if not line.startswith("M07"))
ROADS = TABLE.replace("M02", "M07")


@pytest.mark.parametrize(
    ("quicker", "slower"),
    [((DIRECTORY, WITHOUT_ROADS), (DISPATCH, ROADS)), ((DISPATCH, ROADS), (DIRECTORY, WITHOUT_ROADS))],
)
async def test_neither_table_comes_into_force_beside_one_that_it_was_not_held_against(
    adopted: Catalogues, db: Database, clock: SetClock, quicker: tuple[str, str], slower: tuple[str, str]
) -> None:
    """Each alone agrees with the other as it was; both together would name a unit that is gone."""

    async def first() -> None:
        await adopted.import_table(quicker[0], quicker[1].encode(), author="cli:wang", note="")

    store: Any = Overtaken(db.catalogues, first)
    other = Catalogues(store=store, clock=clock, categories=CATEGORIES, divisions=DIVISIONS)
    with pytest.raises(Conflict, match="somebody else"):
        await other.import_table(slower[0], slower[1].encode(), author="cli:li", note="")
    assert (await db.catalogues.newest_versions())[slower[0]] == 1
    with pytest.raises(SheetRefused):  # held against what is in force by now
        await adopted.import_table(slower[0], slower[1].encode(), author="cli:li", note="")


async def test_what_cannot_be_read_is_neither_compared_with_nor_shown_and_any_import_follows_it(
    adopted: Catalogues, db: Database
) -> None:
    first = await db.catalogues.one(DIRECTORY, 1)
    await db.catalogues.add(replace(first, version=2, body="{", author="x"))
    assert await adopted.rows(DIRECTORY) == await adopted.rows(DIRECTORY, 1)
    with pytest.raises(ConfigError, match="directory:2 cannot be read"):
        await adopted.rows(DIRECTORY, 2)
    with pytest.raises(ConfigError, match="directory:2 cannot be read"):
        await adopted.roll_back(DIRECTORY, 2, author="cli:li", note="")
    assert (await adopted.in_force()).versions == ("directory:1", "dispatch:1")
    await adopted.import_table(DISPATCH, ROADS.encode(), author="cli:li", note="")
    found = await adopted.import_table(DIRECTORY, UNITS.encode(), author="cli:li", note="")
    assert found.version is not None
    assert (found.version.name, found.changes) == ("directory:3", ())
    back = await adopted.roll_back(DIRECTORY, 1, author="cli:li", note="")
    assert back.version is None
