"""Tables that people edit in a spreadsheet: XLSX, and CSV as Excel and WPS write it (UTF-8, with BOM, GBK, UTF-16).

Nothing is guessed: what cannot be read for certain is refused by the number of its row, as the spreadsheet shows it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from gateway.edge.workbook import MAX_ROWS, workbook_rows
from gateway.errors import ConfigError

MAX_BYTES = 10_000_000
_TITLE_ROWS = 10
"""How far down the row of column names may stand: a title and remarks above it are usual."""
_DELIMITERS = ",\t;"
_XLSX, _XLS = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_EMPTY = " \t\r\n　\xa0\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row is refused and what to do, in both languages; ``row`` as the spreadsheet numbers it, 0: the file."""

    row: int
    en: str
    zh: str

    def __str__(self) -> str:
        where = (f"row {self.row}: ", f"第 {self.row} 行：") if self.row else ("", "")
        return f"{where[0]}{self.en} / {where[1]}{self.zh}"


class SheetRefused(ConfigError):
    """Nothing of a table was taken; ``rows`` says why of each row that is wrong."""

    def __init__(self, rows: Iterable[RowProblem]) -> None:
        self.rows = tuple(rows)
        super().__init__([str(row) for row in self.rows])


@contextmanager
def of_file(path: Path) -> Iterator[None]:
    """What is refused within is a ``ConfigError`` that names ``path``, and so is a file that cannot be read."""
    try:
        yield
    except SheetRefused as error:
        raise ConfigError([f"{path}: {problem}" for problem in error.problems]) from error
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, the names it may have in the spreadsheet besides, whether it may be left out."""

    key: str
    names: tuple[str, ...] = ()
    needed: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row that is not blank: texts by column key, "" where a cell is empty."""

    number: int
    cells: Mapping[str, str] = field(default_factory=dict)


def read_sheet(content: bytes, columns: Sequence[Column]) -> list[SheetRow]:
    """The rows of a spreadsheet that is ``content``, found by its bytes; ``SheetRefused`` when it is none.

    Merged cells of a workbook hold the same value each. Blank rows are left out; the others keep their number.
    """
    if len(content) > MAX_BYTES:
        raise _refused(f"the file is larger than {MAX_BYTES // 1_000_000} MB; keep the table alone in it", "文件过大")
    if content.startswith(_XLS):
        raise _refused("this is an old .xls; save it as .xlsx or CSV", "这是旧版 .xls，请另存为 .xlsx 或 CSV")
    try:
        rows = workbook_rows(content) if content.startswith(_XLSX) else _csv_rows(content)
        return list(_below_names(rows, columns))
    except ValueError as error:
        raise _refused(str(error), "文件无法读取，请另存为 .xlsx 或 CSV UTF-8 后重试") from error


def _refused(en: str, zh: str, row: int = 0) -> SheetRefused:
    return SheetRefused([RowProblem(row, en, zh)])


def _csv_rows(content: bytes) -> Iterator[Sequence[str]]:
    text = _decoded(content)
    head = "\n".join(text.splitlines()[:_TITLE_ROWS])
    delimiter = max(_DELIMITERS, key=head.count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), 1):
            if number > MAX_ROWS:
                raise _refused(
                    f"more than {MAX_ROWS} rows; delete those that are empty", "行数过多，请删除空行", number
                )
            yield row
    except csv.Error as error:
        raise ValueError(f"the CSV is damaged ({error}); save it anew") from error


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content.startswith(_UTF16) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("the text is neither UTF-8 nor GBK; save it as .xlsx or 'CSV UTF-8'")


def _below_names(rows: Iterable[Sequence[str]], columns: Sequence[Column]) -> Iterator[SheetRow]:
    """The rows below the one that names the columns."""
    keys: list[str | None] | None = None
    known = _by_name(columns)
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip(_EMPTY) for cell in row]
        if keys is None:
            if {column.key for column in columns if column.needed} <= {known.get(_plain(cell)) for cell in cells}:
                keys = _keys(cells, columns, number)
            elif number == _TITLE_ROWS:
                break
            continue
        if not any(cells):
            continue
        if any(cell for cell, key in zip_longest(cells, keys) if key is None):
            raise _refused(
                "a cell stands in a column without a name; name it or empty it", "有内容的列没有列名", number
            )
        yield SheetRow(number, {key: cell for key, cell in zip(keys, cells, strict=False) if key is not None})
    if keys is None:
        wanted = ", ".join(column.key for column in columns if column.needed)
        named = "、".join(next(iter(column.names), column.key) for column in columns if column.needed)
        raise _refused(f"no row names the columns; needed are {wanted}", f"找不到列名行，必须有：{named}")


def _keys(cells: Sequence[str], columns: Sequence[Column], number: int) -> list[str | None]:
    known = _by_name(columns)
    keys = [known.get(_plain(cell)) for cell in cells]
    for cell, key in zip(cells, keys, strict=True):
        if cell and key is None:
            named = ", ".join(" ".join((column.key, *column.names[:1])) for column in columns)
            raise _refused(
                f"there is no column {cell!r}; delete it or take one of: {named}",
                f"没有“{cell}”这一列，请删除或改为上述列名",
                number,
            )
        if key is not None and keys.count(key) > 1:
            raise _refused(f"column {cell!r} is there twice", f"“{cell}”列重复", number)
    return keys


def _by_name(columns: Sequence[Column]) -> dict[str, str]:
    return {_plain(name): column.key for column in columns for name in (column.key, *column.names)}


def _plain(name: str) -> str:
    return "".join(name.lower().split())
