"""What decides about cases as versions: directory, dispatch table, policy, public holidays.

Each is imported whole or not at all, compared, rolled back.

What is in force is the newest version of each kind; nothing that was in force is ever altered or deleted. Directory
and dispatch table are held against each other: none comes into force that names a unit which the other does not know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from gateway.casework.catalogue_versions import (
    DIRECTORY,
    DISPATCH,
    KINDS,
    POLICY,
    READ,
    InForce,
    Readable,
    Rows,
    newest_readable,
    rows_of,
)
from gateway.casework.differences import RowChange, differences, line_differences
from gateway.edge.case_policy import read_case_policy
from gateway.edge.dispatch_table import DISPATCH_COLUMNS, FIRST_ROW, TERRITORY, KnownCodes, dispatch_rows
from gateway.edge.sheets import RowProblem, SheetRefused, SheetRow, read_sheet
from gateway.edge.unit_table import UNIT_COLUMNS, unit_rows
from gateway.edge.workdays import read_workdays
from gateway.errors import ConfigError, Conflict
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.ports.clock import Clock

INSTALLATION: Final = "installation"
"""The author of what came with the installation."""


@dataclass(frozen=True, slots=True)
class _Newest:
    """The number of the newest version of a kind (0: there is none), and the version that is in force.

    That is an earlier one where the newest cannot be read; None: there is none that can.
    """

    number: int
    in_force: Readable[Rows] | None

    @property
    def rows(self) -> Rows:
        """Of the version in force."""
        return [] if self.in_force is None else self.in_force.value


@dataclass(frozen=True, slots=True)
class _Verified:
    """Rows that may come into force while the other table is ``beside``: its kind, and the number of its newest."""

    rows: Rows
    beside: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to: ``version`` None: it says what is in force already."""

    version: CatalogueVersion | None
    changes: tuple[RowChange, ...]


class Catalogues:
    """The use cases of officers; ``categories`` and ``divisions`` are names by code, which rows are held against."""

    def __init__(
        self, *, store: CatalogueStore, clock: Clock, categories: Mapping[str, str], divisions: Mapping[str, str]
    ) -> None:
        """Over the versions in ``store``."""
        self._store = store
        self._clock = clock
        self._categories = categories
        self._divisions = divisions

    async def adopt(self, shipped: Callable[[str], bytes | None]) -> None:
        """Where there is no version yet, the installation's files become the first; ``shipped`` reads them by name.

        ``ConfigError`` lists what is wrong with some; the others are adopted all the same.
        """
        problems: list[str] = []
        there = await self._store.newest_versions()
        for kind, table in KINDS.items():
            content = None if kind in there else shipped(table.file)
            if kind == DISPATCH and problems:
                continue  # it would be held against no units at all
            if content is not None:
                try:
                    with suppress(Conflict):  # another process was first
                        await self.import_table(kind, content, author=INSTALLATION, note=table.file)
                except SheetRefused as error:
                    problems += [f"{table.file}: {problem}" for problem in error.problems]
                except ConfigError as error:
                    problems += error.problems
        if problems:
            raise ConfigError(problems)

    async def rows(self, kind: str, version: int | None = None) -> Rows:
        """The rows of a version, by default of the one in force; none before the first.

        ``NotFound``; ``ConfigError`` for a version that cannot be read.
        """
        if version is None:
            return (await self._newest(kind)).rows
        found = await self._store.one(kind, version)
        try:
            return rows_of(kind, found)
        except (ValueError, TypeError, AttributeError):
            raise ConfigError([f"{found.name} cannot be read; bring another version into force"]) from None

    async def read(self, kind: str, content: bytes) -> Rows:
        """The rows of a spreadsheet, held against what is in force; ``SheetRefused`` names every row that is wrong.

        The lines of a text; ``ConfigError`` names every line that is wrong.
        """
        return (await self._read(kind, content)).rows

    async def difference(self, kind: str, rows: Sequence[Mapping[str, str]]) -> tuple[RowChange, ...]:
        """What ``rows`` would change of what is in force."""
        return _changes(kind, await self.rows(kind), rows)

    async def import_table(self, kind: str, content: bytes, *, author: str, note: str) -> Imported:
        """Bring a spreadsheet into force whole. ``SheetRefused``: nothing was; ``Conflict``: somebody was first."""
        before = await self._newest(kind)
        return await self._bring(kind, await self._read(kind, content), before, author=author, note=note)

    async def roll_back(self, kind: str, version: int, *, author: str, note: str) -> Imported:
        """Bring an earlier version into force again, as a new one.

        ``NotFound``; ``SheetRefused`` when it names what is not there any more; ``Conflict`` when somebody was first.
        """
        before = await self._newest(kind)
        earlier = await self.rows(kind, version)
        if KINDS[kind].key:
            sheet = [SheetRow(number, row) for number, row in enumerate(earlier, FIRST_ROW)]
            verified = await self._verified(kind, sheet)
        else:
            verified = self._text(kind, "\n".join(line["text"] for line in earlier).encode())
        note = f"{kind}:{version} again: {note}" if note else f"{kind}:{version} again"
        return await self._bring(kind, verified, before, author=author, note=note)

    async def in_force(self) -> InForce:
        """What decides now."""
        units, table = await self._newest(DIRECTORY), await self._newest(DISPATCH)
        names = [one.in_force.name for one in (units, table) if one.in_force is not None]
        return InForce.of(units.rows, table.rows, *names)

    async def would_be(self, *, directory: bytes | None = None, table: bytes | None = None) -> InForce:
        """What would decide after these spreadsheets; None: that table as it is. ``SheetRefused`` as in an import."""
        units, rows = await self.rows(DIRECTORY), await self.rows(DISPATCH)
        if directory is not None:
            units = unit_rows(read_sheet(directory, UNIT_COLUMNS), self._divisions)
        if table is not None:
            rows = dispatch_rows(read_sheet(table, DISPATCH_COLUMNS), self._known(units))
        refuse_gone(units, rows)
        return InForce.of(units, rows)

    def _known(self, units: Iterable[Mapping[str, str]]) -> KnownCodes:
        return KnownCodes(self._categories, self._divisions, {row["code"]: row["name_zh"] for row in units})

    async def _newest(self, kind: str) -> _Newest:
        number = (await self._store.newest_versions()).get(kind, 0)
        return _Newest(number, await newest_readable(self._store, kind, number, partial(_whole, kind)))

    async def _read(self, kind: str, content: bytes) -> _Verified:
        if not KINDS[kind].key:
            return self._text(kind, content)
        return await self._verified(kind, read_sheet(content, KINDS[kind].columns))

    async def _verified(self, kind: str, sheet: Iterable[SheetRow]) -> _Verified:
        """The rows by themselves, beside each other and beside the other table."""
        other = DIRECTORY if kind == DISPATCH else DISPATCH
        newest = await self._newest(other)
        if kind == DISPATCH:
            rows = dispatch_rows(sheet, self._known(newest.rows))
        else:
            rows = unit_rows(sheet, self._divisions)
            refuse_gone(rows, newest.rows)
        return _Verified(rows, {other: newest.number})

    def _text(self, kind: str, content: bytes) -> _Verified:
        name = Path(KINDS[kind].file)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError([f"{name}: is not UTF-8"]) from None
        if kind == POLICY:
            read_case_policy(name, text=text, categories=self._categories or None)
        else:
            read_workdays(name, text=text)
        return _Verified([{"text": line} for line in text.splitlines()], {})

    async def _bring(self, kind: str, new: _Verified, before: _Newest, *, author: str, note: str) -> Imported:
        changes = _changes(kind, before.rows, new.rows)
        if before.in_force is not None and before.in_force.number == before.number and not changes:
            return Imported(version=None, changes=())
        body = json.dumps(new.rows, ensure_ascii=False, separators=(",", ":"))
        version = CatalogueVersion(
            kind=kind,
            version=before.number + 1,
            author=author,
            at=self._clock.now(),
            note=note,
            body=body,
            sha256=hashlib.sha256(body.encode()).hexdigest(),
        )
        await self._store.add(version, beside=new.beside)
        return Imported(version=version, changes=changes)


def _whole(kind: str, version: CatalogueVersion) -> Rows:
    """Its rows, when all of them can be read."""
    READ[kind](version)
    return rows_of(kind, version)


def _changes(kind: str, before: Rows, after: Sequence[Mapping[str, str]]) -> tuple[RowChange, ...]:
    key = KINDS[kind].key
    return differences(before, after, key) if key else line_differences(before, after)


def refuse_gone(units: Sequence[Mapping[str, str]], dispatch: Sequence[Mapping[str, str]]) -> None:
    """``SheetRefused`` for a directory without units that rows of the dispatch table name."""
    known = {row["code"] for row in units} | {TERRITORY}
    gone: dict[str, list[str]] = {}
    for number, row in enumerate(dispatch, FIRST_ROW):
        if row["unit"] not in known:
            gone.setdefault(row["unit"], []).append(str(number))
    if gone:
        raise SheetRefused(
            RowProblem(
                0,
                f"{code} is gone, but the dispatch table names it in row {', '.join(numbers)}; "
                "keep it and write its last day",
                f"目录中已无 {code}，但派单目录第 {'、'.join(numbers)} 行仍在使用；请保留该单位并填写失效日期",
            )
            for code, numbers in gone.items()
        )
