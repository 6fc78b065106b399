"""XLSX as Excel and WPS save it: numbers that were codes, dates that are dates, merged cells, sheets aside."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from gateway.edge.dispatch_table import DISPATCH_COLUMNS, KnownCodes, dispatch_rows
from gateway.edge.sheets import SheetRefused, read_sheet

pytestmark = pytest.mark.unit

KNOWN = KnownCodes(
    categories={"0101": "供水故障", "010101": "停水"},
    divisions={"460108": "美兰区", "460108101": "灵山镇"},
    units={"M02": "市水务局", "M07": "市市政管理局"},
)
NAMES = ["类别编码", "区划编码", "专线", "承办单位编码", "角色", "生效日期", "备注"]


def saved(*rows: list[Any], then: Callable[[Any], None] = lambda _: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    then(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(content: bytes) -> list[dict[str, str]]:
    return dispatch_rows(read_sheet(content, DISPATCH_COLUMNS), KNOWN)


def test_codes_that_became_numbers_and_dates_that_are_dates() -> None:
    first, second = read(
        saved(
            NAMES,
            [10101, 460108101, "*", "M02", "主办", datetime(2026, 1, 5), None],  # noqa: DTZ001 - as a cell holds it
            [101.0, "460108", "市民", "M07", "lead", date(2026, 1, 6), None],
        )
    )
    assert (first["category"], first["division"], first["effective_from"]) == ("010101", "460108101", "2026-01-05")
    assert (second["category"], second["line"], second["effective_from"]) == ("0101", "citizen", "2026-01-06")


def test_a_merged_cell_holds_for_every_row_that_it_covers() -> None:
    def merge(book: Any) -> None:
        book.active.merge_cells("A1:G1")
        book.active.merge_cells("A4:A5")
        book.active.merge_cells("B4:C5")

    content = saved(
        ["海口市派单目录"], NAMES, [], ["0101", "*", None, "M02", "主办"], [None, None, None, "M07", "协办"], then=merge
    )
    assert [(row["category"], row["division"], row["unit"], row["role"]) for row in read(content)] == [
        ("0101", "*", "M02", "lead"),
        ("0101", "*", "M07", "joint"),
    ]


def test_a_wrong_row_has_the_number_that_the_spreadsheet_shows() -> None:
    with pytest.raises(SheetRefused) as caught:
        read(saved(["标题"], NAMES, [], ["0101", "*", "*", "M02", "lead"], [], ["#REF!", "*", "*", "M02", "lead"]))
    assert [problem.row for problem in caught.value.rows] == [6]


def test_a_hidden_sheet_is_not_the_table() -> None:
    def hide(book: Any) -> None:
        hidden = book.create_sheet("字典", 0)
        hidden.append(["主办", "协办"])
        hidden.sheet_state = "hidden"

    assert len(read(saved(NAMES, ["0101", "*", "*", "M02", "lead"], then=hide))) == 1


def test_a_sheet_that_is_merged_from_end_to_end_is_refused_before_it_is_built() -> None:
    content = saved(NAMES, then=lambda book: book.active.merge_cells("A5:B6"))
    altered = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(altered, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"A5:B6", b"A5:XFD1048576"))
    with pytest.raises(SheetRefused, match="copy the table alone"):
        read(altered.getvalue())


def test_a_row_far_below_is_refused() -> None:
    content = saved(NAMES, then=lambda book: book.active.cell(60_000, 1, "x"))
    with pytest.raises(SheetRefused, match="delete what is empty"):
        read(content)


def test_half_a_workbook_is_refused() -> None:
    content = saved(NAMES)
    with pytest.raises(SheetRefused, match="damaged"):
        read(content[: len(content) // 2])


def test_a_workbook_whose_entities_unfold_without_end_is_refused() -> None:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (nth, b"&l%d;" % (nth - 1) * 10) for nth in range(1, 10))
    head = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l0 "lol">' + laughs + b"]>"
    outside = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>'
    for types in (head, outside):
        whole, file = io.BytesIO(saved(NAMES, ["0101", "*", "*", "M02", "lead", "", ""])), io.BytesIO()
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(file, "w") as target:
            for name in source.namelist():
                part = source.read(name)
                if name == "xl/worksheets/sheet1.xml":
                    part = types + part.replace(b"<sheetData>", b"<sheetData><row><c t='str'><v>&l9;</v></c></row>")
                target.writestr(name, part)
        with pytest.raises(SheetRefused, match=r"damaged|no row names|without a name"):
            read(file.getvalue())
