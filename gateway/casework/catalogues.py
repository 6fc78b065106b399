"""What decides about cases as versions: directory, dispatch table, policy, public holidays.

Each is imported whole or not at all, compared, rolled back.

What is in force is the newest version of each kind; nothing that was in force is ever altered or deleted. Directory
and dispatch table are held against each other: none comes into force that names a unit which the other does not know.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.casework.differences import RowChange, differences, line_differences
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch_table import DispatchTable
from gateway.edge.case_policy import read_case_policy
from gateway.edge.dispatch_table import DISPATCH_COLUMNS, FIRST_ROW, TERRITORY, KnownCodes, dispatch_rows, rules_of
from gateway.edge.sheets import Column, RowProblem, SheetRefused, SheetRow, read_sheet
from gateway.edge.unit_table import UNIT_COLUMNS, unit_rows, units_of
from gateway.edge.workdays import read_workdays
from gateway.errors import ConfigError, Conflict
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.ports.clock import Clock

DIRECTORY: Final = "directory"
DISPATCH: Final = "dispatch"
POLICY: Final = "policy"
CALENDAR: Final = "calendar"
INSTALLATION: Final = "installation"
"""The author of what came with the installation."""
Rows = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class CatalogueKind:
    """What officers edit: the file that is shipped; of a table its columns and those that tell rows apart.

    Of a text (no key) each line is a row.
    """

    columns: tuple[Column, ...]
    key: tuple[str, ...]
    file: str


_LINES = (Column("text", ()),)


KINDS: Final[Mapping[str, CatalogueKind]] = {
    DIRECTORY: CatalogueKind(UNIT_COLUMNS, ("code",), "units.csv"),
    DISPATCH: CatalogueKind(
        DISPATCH_COLUMNS, ("category", "division", "line", "unit", "effective_from"), "dispatch.csv"
    ),
    POLICY: CatalogueKind(_LINES, (), "case_policy.yaml"),
    CALENDAR: CatalogueKind(_LINES, (), "workdays.csv"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What dispatch decides by; ``versions`` as events name them."""

    directory: Directory
    table: DispatchTable
    versions: tuple[str, ...]

    @classmethod
    def of(cls, units: Iterable[Mapping[str, str]], rows: Iterable[Mapping[str, str]], *versions: str) -> InForce:
        """Of the rows of a directory and of a dispatch table."""
        return cls(directory=Directory(units_of(units)), table=DispatchTable(rules_of(rows)), versions=versions)


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
        for kind, table in KINDS.items():
            content = shipped(table.file) if await self._store.newest(kind) is None else None
            if content is not None:
                try:
                    with suppress(Conflict):  # another process was first
                        await self.import_table(kind, content, author=INSTALLATION, note=table.file)
                except ConfigError as error:
                    problems += error.problems
        if problems:
            raise ConfigError(problems)

    async def rows(self, kind: str, version: int | None = None) -> Rows:
        """The rows of a version, by default of the newest; none before the first. ``NotFound``."""
        found = await self._store.newest(kind) if version is None else await self._store.one(kind, version)
        return rows_of(kind, found)

    async def read(self, kind: str, content: bytes) -> Rows:
        """The rows of a spreadsheet, held against what is in force; ``SheetRefused`` names every row that is wrong.

        The lines of a text; ``ConfigError`` names every line that is wrong.
        """
        if not KINDS[kind].key:
            return self._text(kind, content)
        return await self._verified(kind, read_sheet(content, KINDS[kind].columns))

    async def difference(self, kind: str, rows: Sequence[Mapping[str, str]]) -> tuple[RowChange, ...]:
        """What ``rows`` would change of what is in force."""
        return _changes(kind, await self.rows(kind), rows)

    async def import_table(self, kind: str, content: bytes, *, author: str, note: str) -> Imported:
        """Bring a spreadsheet into force whole. ``SheetRefused``: nothing was; ``Conflict``: somebody was first."""
        before = await self._store.newest(kind)
        return await self._bring(kind, await self.read(kind, content), before, author=author, note=note)

    async def roll_back(self, kind: str, version: int, *, author: str, note: str) -> Imported:
        """Bring an earlier version into force again, as a new one.

        ``NotFound``; ``SheetRefused`` when it names what is not there any more; ``Conflict`` when somebody was first.
        """
        before = await self._store.newest(kind)
        earlier = await self.rows(kind, version)
        if KINDS[kind].key:
            rows = await self._verified(kind, [SheetRow(number, row) for number, row in enumerate(earlier, FIRST_ROW)])
        else:
            rows = self._text(kind, "\n".join(line["text"] for line in earlier).encode())
        note = f"{kind}:{version} again: {note}" if note else f"{kind}:{version} again"
        return await self._bring(kind, rows, before, author=author, note=note)

    async def in_force(self) -> InForce:
        """What decides now."""
        units, table = await self._store.newest(DIRECTORY), await self._store.newest(DISPATCH)
        names = [version.name for version in (units, table) if version is not None]
        return InForce.of(rows_of(DIRECTORY, units), rows_of(DISPATCH, table), *names)

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

    async def _verified(self, kind: str, sheet: Iterable[SheetRow]) -> Rows:
        """The rows by themselves, beside each other and beside the other table."""
        if kind == DISPATCH:
            return dispatch_rows(sheet, self._known(await self.rows(DIRECTORY)))
        rows = unit_rows(sheet, self._divisions)
        refuse_gone(rows, await self.rows(DISPATCH))
        return rows

    def _text(self, kind: str, content: bytes) -> Rows:
        name = Path(KINDS[kind].file)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError([f"{name}: is not UTF-8"]) from None
        if kind == POLICY:
            read_case_policy(name, text=text, categories=self._categories or None)
        else:
            read_workdays(name, text=text)
        return [{"text": line} for line in text.splitlines()]

    async def _bring(
        self, kind: str, rows: Rows, before: CatalogueVersion | None, *, author: str, note: str
    ) -> Imported:
        changes = _changes(kind, rows_of(kind, before), rows)
        if before is not None and not changes:
            return Imported(version=None, changes=())
        body = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        new = CatalogueVersion(
            kind=kind,
            version=before.version + 1 if before else 1,
            author=author,
            at=self._clock.now(),
            note=note,
            body=body,
            sha256=hashlib.sha256(body.encode()).hexdigest(),
        )
        await self._store.add(new)
        return Imported(version=new, changes=changes)


def _changes(kind: str, before: Rows, after: Sequence[Mapping[str, str]]) -> tuple[RowChange, ...]:
    key = KINDS[kind].key
    return differences(before, after, key) if key else line_differences(before, after)


def rows_of(kind: str, version: CatalogueVersion | None) -> Rows:
    """The rows of a version, with the columns that the table has today."""
    keys = [column.key for column in KINDS[kind].columns]
    return [] if version is None else [{key: row.get(key, "") for key in keys} for row in json.loads(version.body)]


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


def text_of(version: CatalogueVersion) -> str:
    """The text that was imported as this version."""
    return "".join(f"{line['text']}\n" for line in json.loads(version.body))


def as_csv(kind: str, rows: Iterable[Mapping[str, str]]) -> str:
    """A version as the CSV, or the text, that can be edited and imported again."""
    if not KINDS[kind].key:
        return "".join(f"{line['text']}\n" for line in rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.key for column in KINDS[kind].columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
