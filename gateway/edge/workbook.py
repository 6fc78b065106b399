"""The first sheet of an XLSX workbook as rows of texts (ECMA-376), by openpyxl."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any

MAX_ROWS = 50_000
MAX_COLUMNS = 60
MAX_CELLS = 1_000_000
"""Cells that merged ones cover together: the library makes each of them, and a whole sheet has 17,000,000,000."""
MAX_UNPACKED = 100_000_000
"""Bytes of a workbook's parts together: a small file may unpack to gigabytes."""

_MERGED = re.compile(rb"""mergeCell\s[^>]*ref=["']([A-Z]+)(\d+):([A-Z]+)(\d+)""")


def workbook_rows(content: bytes) -> Iterator[Sequence[str]]:
    """Every row of its first visible sheet from the first on; ``ValueError`` says what is wrong with the file.

    A merged cell gives its value to each cell that it covers. Formulas count by the value that was saved last.
    """
    import openpyxl  # noqa: PLC0415 - slow to load, and only a workbook needs it

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            fits = sum(part.file_size for part in parts.infolist()) <= MAX_UNPACKED and _merged(parts) <= MAX_CELLS
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=True) if fits else None
    except Exception as error:
        # A damaged workbook fails in as many ways as it has parts, and the library names none of them.
        raise ValueError(f"the workbook is damaged ({type(error).__name__}); save it anew") from error
    if book is None:
        raise ValueError("the workbook unpacks to too much; copy the table alone into a new one")
    sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
    if sheet is None:
        raise ValueError("the workbook has no visible sheet")
    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        raise ValueError(f"the sheet is larger than {MAX_ROWS} rows and {MAX_COLUMNS} columns; delete what is empty")
    covered = {
        (row, column): sheet.cell(one.min_row, one.min_col).value
        for one in sheet.merged_cells.ranges
        for row in range(one.min_row, one.max_row + 1)
        for column in range(one.min_col, one.max_col + 1)
    }
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        yield [_text(covered.get((number, column), value)) for column, value in enumerate(row, start=1)]


def _merged(parts: zipfile.ZipFile) -> int:
    """How many cells the merged ones of all sheets cover."""
    return sum(
        (_number(right) - _number(left) + 1) * (int(bottom) - int(top) + 1)
        for name in parts.namelist()
        if name.startswith("xl/worksheets/")
        for left, top, right, bottom in _MERGED.findall(parts.read(name))
    )


def _number(column: bytes) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in column:
        number = number * 26 + letter - ord("A") + 1
    return number


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
