"""Tables as Excel, WPS and people write them: what is certain is read, all else is refused by the number of its row."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.case.directory import UnitKind
from gateway.edge.dispatch_table import DISPATCH_COLUMNS, KnownCodes, dispatch_rows, read_dispatch, rules_of
from gateway.edge.sheets import SheetRefused, read_sheet
from gateway.edge.unit_table import UNIT_COLUMNS, unit_rows, units_of
from gateway.errors import ConfigError

pytestmark = pytest.mark.unit

KNOWN = KnownCodes(
    categories={"01": "供水排水", "0101": "供水故障", "010101": "停水", "10": "住房建设"},
    divisions={"460108": "美兰区", "460108101": "灵山镇"},
    units={"M02": "市水务局", "M07": "市市政管理局", "E01": "供水企业"},
)
NAMES = ["类别编码", "区划编码", "专线", "承办单位编码", "承办单位", "角色", "生效日期", "失效日期"]
GOOD = ["010101", "*", "*", "E01", "供水企业", "主办", "2026-01-05", ""]


def written(rows: list[list[str]], encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def read(content: bytes) -> list[dict[str, str]]:
    return dispatch_rows(read_sheet(content, DISPATCH_COLUMNS), KNOWN)


def refused(rows: list[list[str]]) -> list[tuple[int, str]]:
    with pytest.raises(SheetRefused) as caught:
        read(written([NAMES, *rows]))
    return [(problem.row, problem.en) for problem in caught.value.rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_every_encoding_that_excel_and_wps_write(encoding: str, delimiter: str) -> None:
    (row,) = read(written([["派单目录（2026年）"], NAMES, GOOD], encoding, delimiter))
    assert row == {
        "category": "010101",
        "category_name": "停水",
        "division": "*",
        "line": "*",
        "unit": "E01",
        "unit_name": "供水企业",
        "role": "lead",
        "crossing": "",
        "effective_from": "2026-01-05",
        "effective_to": "",
        "note": "",
    }


@pytest.mark.parametrize(
    ("cell", "code"),
    [("10101", "010101"), ("101", "0101"), ("1", "01"), ("０１０１０１", "010101"), ("'010101", "010101")],
)
def test_a_code_gets_back_the_zero_that_a_spreadsheet_took(cell: str, code: str) -> None:
    (row,) = read(written([NAMES, [cell, *GOOD[1:]]]))
    assert row["category"] == code


@pytest.mark.parametrize("name", ["承办单位", "承办单位名称", "单位名称", "unit_name"])
def test_a_column_is_known_by_the_names_that_people_give_it(name: str) -> None:
    (row,) = read(written([[*NAMES[:4], name, *NAMES[5:]], GOOD]))
    assert row["unit_name"] == "供水企业"


def test_a_code_that_is_whole_gets_no_zero() -> None:
    (row,) = read(written([NAMES, ["10", *GOOD[1:]]]))
    assert row["category"] == "10"


@pytest.mark.parametrize(
    "cell",
    ["2026/1/5", "2026-1-5", "2026.1.5", "2026年1月5日", "２０２６／１／５", "2026/1/5 0:00", "2026-01-05 00:00:00"],
)
def test_dates_as_spreadsheets_show_them(cell: str) -> None:
    (row,) = read(written([NAMES, [*GOOD[:6], cell, "2026/12/31"]]))
    assert (row["effective_from"], row["effective_to"]) == ("2026-01-05", "2026-12-31")


def test_titles_above_blank_rows_between_and_the_numbers_that_people_see() -> None:
    table = [["海口市派单目录"], [], NAMES, GOOD, ["", " ", "　"], ["77", *GOOD[1:]]]
    with pytest.raises(SheetRefused) as caught:
        read(written(table))
    (problem,) = caught.value.rows
    assert str(problem) == "row 6: there is no category '77'; correct it / 第 6 行：“类别编码”77 不存在，请更正"


@pytest.mark.parametrize(
    ("column", "cell", "why"),
    [
        (0, "", "category is empty; write * for all, or if its cell was merged, split it"),
        (0, "4.60105E+11", "was shortened by the spreadsheet; format the column as text"),
        (0, "999", "there is no category '999'"),
        (1, "", "division is empty; write * for all"),
        (1, "460199", "there is no division"),
        (2, "", "line is empty"),
        (2, "军人", "line is none of: 市民 citizen、企业 enterprise"),
        (3, "", "unit is empty"),
        (3, "M99", "there is no unit 'M99'"),
        (4, "市水务局", "E01 is 供水企业, but unit_name says 市水务局"),
        (5, "", "role is empty"),
        (5, "负责", "role is none of: 主办 lead、协办 joint"),
        (6, "46027", "is no date; write it as 2026-01-05"),
        (6, "2026/2/30", "is no date"),
        (6, "5/1/2026", "is no date"),
        (7, "2026-01-04", "it ends on 2026-01-04, before it begins on 2026-01-05"),
    ],
)
def test_a_wrong_cell_refuses_its_row_by_number_and_says_what_to_do(column: int, cell: str, why: str) -> None:
    wrong = [cell if at == column else good for at, good in enumerate(GOOD)]
    ((number, told),) = refused([[*GOOD[:6], "", "2025-12-31"], wrong])
    assert number == 3
    assert why in told


def test_every_wrong_row_is_told_at_once() -> None:
    found = refused([["77", *GOOD[1:]], GOOD, ["78", "*", "*", "M99", "", "lead", "", ""]])
    assert [number for number, _ in found] == [2, 4, 4]


JOINT = ["0101", "*", "*", "M07", "", "协办", "", ""]


@pytest.mark.parametrize(
    ("rows", "number", "why"),
    [
        ([GOOD, GOOD], 3, "it says the same as row 2"),
        ([JOINT], 2, "have no lead at some time"),
        ([["0101", "*", "*", "M02", "", "lead", "", "2026-06-30"], JOINT], 3, "have no lead at some time"),
        ([["01", "*", "*", "属地", "", "lead", "", ""], ["01", "*", "*", "M02", "", "lead", "", ""]], 2, "属地 leads"),
    ],
)
def test_rows_that_do_not_fit_each_other_are_refused(rows: list[list[str]], number: int, why: str) -> None:
    ((told, text),) = refused(rows)
    assert told == number
    assert why in text


def test_a_row_for_every_category_that_no_other_row_is_about() -> None:
    (row,) = read(written([NAMES, ["*", "*", "*", "属地", "", "主办", "", ""]]))
    assert (row["category"], row["category_name"], row["unit"]) == ("*", "", "属地")
    (rule,) = rules_of([row])
    assert (rule.category, rule.unit) == ("", None)


def test_one_after_the_other_is_no_repetition() -> None:
    rows = read(written([NAMES, [*GOOD[:6], "", "2025-12-31"], GOOD]))
    assert [row["effective_from"] for row in rows] == ["", "2026-01-05"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no row names the columns; needed are category, division, line, unit, role"),
        (b"\xd0\xcf\x11\xe0 old", "save it as .xlsx or CSV"),
        (b"\xff\x00\x81", "neither UTF-8 nor GBK"),
        (
            written([[*NAMES, "优先级"], GOOD]),
            "there is no column '优先级'; delete it or take one of: category 类别编码, ",
        ),
        (written([[*NAMES, "专线"], GOOD]), "column '专线' is there twice"),
        (written([NAMES, [*GOOD, "x"]]), "a cell stands in a column without a name"),
        (written([NAMES]) + b'"01,*', "the CSV is damaged"),
        (b"PK\x03\x04 no workbook", "the workbook is damaged"),
        (b"a" * 10_000_001, "larger than 10 MB"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(SheetRefused) as caught:
        read(content)
    assert why in str(caught.value)


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
@example(b"\xfe\xff\xd8\x00")
@example(b"PK\x03\x04")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(SheetRefused):
        read(content)


UNIT_NAMES = ["编码", "名称", "类型", "上级", "辖区", "工作时间", "联系人", "代理人"]
DISTRICT = ["D08", "美兰区人民政府", "district", "", "460108", "", "", ""]
TOWN = ["T1", "灵山镇人民政府", "镇(街道)", "D08", "460108101", "", "", ""]


def units(*rows: list[str]) -> list[dict[str, str]]:
    return unit_rows(read_sheet(written([UNIT_NAMES, *rows]), UNIT_COLUMNS), KNOWN.divisions)


def test_a_directory_with_hours_contacts_and_deputies() -> None:
    bureau = ["M02", "市水务局", "市级部门", "", "", "mon-fri 08:30-12:00|mon-fri 14:30-17:30"]
    bureau += ["示例值班室 0898-66001234；示例 duty@example.org", "https://example.org/robot"]
    _, town, water = units_of(units(DISTRICT, TOWN, bureau))
    assert (town.parent, town.areas) == ("D08", ("460108101",))
    assert water.hours == ("mon-fri 08:30-12:00", "mon-fri 14:30-17:30")
    assert [(one.name, one.address) for one in water.contacts] == [
        ("示例值班室", "+8689866001234"),
        ("示例", "duty@example.org"),
    ]
    assert [one.address for one in water.deputies] == ["https://example.org/robot"]


def test_a_zone_of_an_older_directory_stands_where_districts_stand() -> None:
    (zone,) = units_of(units(["P01", "江东新区管理局", "zone", "", "", "", "", ""]))
    assert zone.kind is UnitKind.DISTRICT


@pytest.mark.parametrize(
    ("rows", "number", "why"),
    [
        ([DISTRICT, [*TOWN[:3], "D99", *TOWN[4:]]], 3, "T1 has no parent D99"),
        ([DISTRICT, [*TOWN[:3], "", *TOWN[4:]]], 3, "its parent is a district"),
        ([DISTRICT, TOWN, ["T2", *TOWN[1:]]], 4, "division 460108101 is T1's already"),
        (
            [[*DISTRICT[:3], "D09", *DISTRICT[4:]], ["D09", "区", "区(园区)", "D08", "", "", "", ""]],
            2,
            "is above itself",
        ),
        ([[*DISTRICT[:5], "8点到5点", "", ""]], 2, "is no span of a week"),
        ([[*DISTRICT[:6], "值班室", ""]], 2, "ends with no telephone number"),
        ([[*DISTRICT[:2], "村", *DISTRICT[3:]]], 2, "kind is none of"),
    ],
)
def test_a_directory_that_is_wrong_is_refused_by_row(rows: list[list[str]], number: int, why: str) -> None:
    with pytest.raises(SheetRefused) as caught:
        units(*rows)
    assert (caught.value.rows[0].row, why in caught.value.rows[0].en) == (number, True), caught.value.rows[0].en


def test_a_file_is_named_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "dispatch.csv"
    assert read_dispatch(path, KNOWN) == []
    path.write_bytes(written([NAMES, GOOD, ["77", *GOOD[1:]]]))
    with pytest.raises(ConfigError, match=r"dispatch\.csv: row 3: there is no category '77'"):
        read_dispatch(path, KNOWN)
    with pytest.raises(ConfigError, match="directory"):
        read_dispatch(tmp_path, KNOWN)
