"""Versions of the tables that decide about cases: which there are, and what one comes to when it is read.

A version is read as it was imported, maybe by another release: what cannot be read any more is passed over for the
newest that can.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from gateway.domain.case.calendar import PublicDays
from gateway.domain.case.directory import Directory
from gateway.domain.case.dispatch_table import DispatchTable
from gateway.domain.case.policy import CasePolicy
from gateway.domain.hours import parse_span
from gateway.edge.case_policy import read_case_policy
from gateway.edge.dispatch_table import DISPATCH_COLUMNS, rules_of
from gateway.edge.sheets import Column
from gateway.edge.unit_table import UNIT_COLUMNS, units_of
from gateway.edge.workdays import read_workdays
from gateway.errors import StoreUnavailable
from gateway.ports.catalogues import CatalogueStore, CatalogueVersion
from gateway.telemetry import log

T = TypeVar("T")
DIRECTORY: Final = "directory"
DISPATCH: Final = "dispatch"
POLICY: Final = "policy"
CALENDAR: Final = "calendar"
Rows = list[dict[str, str]]
_log = log.get("case_tables")


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


@dataclass(frozen=True, slots=True)
class Readable(Generic[T]):
    """A version that can be read, as events name it, and what it comes to."""

    name: str
    number: int
    value: T


def rows_of(kind: str, version: CatalogueVersion | None) -> Rows:
    """The rows of a version, with the columns that the table has today."""
    keys = [column.key for column in KINDS[kind].columns]
    return [] if version is None else [{key: row.get(key, "") for key in keys} for row in json.loads(version.body)]


def directory_of(version: CatalogueVersion) -> Directory:
    """The units of a version, whose hours can all be read."""
    directory = Directory(units_of(rows_of(DIRECTORY, version)))
    for unit in directory.units.values():
        for span in unit.hours:
            parse_span(span)
    return directory


def dispatch_table_of(version: CatalogueVersion) -> DispatchTable:
    """The rules of a version."""
    return DispatchTable(rules_of(rows_of(DISPATCH, version)))


def policy_of(version: CatalogueVersion) -> CasePolicy:
    """The policy that a version is."""
    return read_case_policy(Path(version.name), text=_text_of(version), version=version.version)


def public_days_of(version: CatalogueVersion) -> PublicDays:
    """The holidays that a version names."""
    return read_workdays(Path(version.name), text=_text_of(version))


READ: Final[Mapping[str, Callable[[CatalogueVersion], object]]] = {
    DIRECTORY: directory_of,
    DISPATCH: dispatch_table_of,
    POLICY: policy_of,
    CALENDAR: public_days_of,
}
"""How each kind is read."""


async def readable(
    store: CatalogueStore, kind: str, number: int, read: Callable[[CatalogueVersion], T]
) -> Readable[T] | None:
    """This version; None, which is logged, when it cannot be read. ``StoreUnavailable``."""
    try:
        version = await store.one(kind, number)
        return Readable(version.name, number, await asyncio.to_thread(read, version))
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - of a row that another release wrote anything may be wrong
        _log.error("case_table_unreadable", table=kind, version=number, exc_info=error)
        return None


async def newest_readable(
    store: CatalogueStore, kind: str, newest: int, read: Callable[[CatalogueVersion], T], *, after: int = 0
) -> Readable[T] | None:
    """The newest version from ``newest`` down that can be read; None: none after ``after`` can."""
    for number in range(newest, after, -1):
        if (found := await readable(store, kind, number, read)) is not None:
            return found
    return None


def _text_of(version: CatalogueVersion) -> str:
    return _lines(json.loads(version.body))


def _lines(rows: Iterable[Mapping[str, str]]) -> str:
    return "".join(f"{line['text']}\n" for line in rows)


def as_csv(kind: str, rows: Iterable[Mapping[str, str]]) -> str:
    """A version as the CSV, or the text, that can be edited and imported again."""
    if not KINDS[kind].key:
        return _lines(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.key for column in KINDS[kind].columns], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
