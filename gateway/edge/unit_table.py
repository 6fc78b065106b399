"""承办单位目录 as a table: columns, what a row must say, and the units that the rows come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from gateway.domain.case.directory import Unit, UnitContact, UnitKind
from gateway.domain.hours import parse_span
from gateway.domain.phone_numbers import e164
from gateway.edge.cells import RowReader, read_rows
from gateway.edge.sheets import Column, RowProblem, SheetRefused, SheetRow, of_file, read_sheet

UNIT_COLUMNS = (
    Column("code", ("单位编码", "编码"), needed=True),
    Column("name_zh", ("单位名称", "名称"), needed=True),
    Column("name_en", ("英文名称",)),
    Column("kind", ("单位类型", "类型"), needed=True),
    Column("parent", ("上级单位", "上级")),
    Column("areas", ("辖区", "管辖区划")),
    Column("hours", ("工作时间",)),
    Column("contacts", ("联系人", "联系方式")),
    Column("deputies", ("代理人", "备用联系人")),
    Column("effective_from", ("生效日期",)),
    Column("effective_to", ("失效日期",)),
    Column("note", ("备注",)),
)
_LONGEST_CODE = 32


def unit_cells(row: RowReader, divisions: Mapping[str, str] | None = None) -> dict[str, str]:
    """One row of the directory, every cell in its one form; ``divisions`` by code, None: they are not verified."""
    code = row.needed("code", "单位编码")
    if len(code) > _LONGEST_CODE or not code.replace("-", "").isalnum():
        row.wrong(f"code {code!r} is not letters and digits", f"单位编码“{code}”只能由字母和数字组成")
    name = row.needed("name_zh", "单位名称")
    areas = row.codes("areas")
    if divisions is not None:
        areas = [found for area in areas if (found := row.known(area, divisions, "division", "辖区")) is not None]
    first, last = row.day("effective_from", "生效日期"), row.day("effective_to", "失效日期")
    row.ordered(first, last)
    return {
        "code": code,
        "name_zh": row.text("name_zh") if name else "",
        "name_en": row.text("name_en"),
        "kind": _kind(row),
        "parent": row.plain("parent"),
        "areas": "|".join(areas),
        "hours": "|".join(_hours(row)),
        "contacts": "|".join(_contacts(row, "contacts", "联系人")),
        "deputies": "|".join(_contacts(row, "deputies", "代理人")),
        "effective_from": first or "",
        "effective_to": last or "",
        "note": row.text("note"),
    }


def _kind(row: RowReader) -> str:
    if row.plain("kind") == "zone":  # a kind of its own until zones came to stand where districts stand
        return UnitKind.DISTRICT
    return row.term("kind", "单位类型", UnitKind) or ""


def _hours(row: RowReader) -> Iterator[str]:
    for span in row.several("hours"):
        try:
            parse_span(span)
        except ValueError as error:
            row.wrong(f"hours: {error}", f"工作时间“{span}”请写成 mon-fri 08:30-17:30，多段用 | 分隔")
        else:
            yield span


def _contacts(row: RowReader, key: str, name: str) -> Iterator[str]:
    for text in row.several(key):
        contact = _contact(text)
        if contact is None:
            row.wrong(
                f"{key}: {text!r} ends with no telephone number, e-mail or https address",
                f"“{name}”{text} 应以电话、邮箱或 https 地址结尾，如：值班室 0898-66001234",
            )
        else:
            yield text  # as typed: a number that begins with + would be one to calculate with in a spreadsheet


def _contact(text: str) -> UnitContact | None:
    """A contact as ``name address``; None when there is no address."""
    name, _, address = text.rpartition(" ")
    if "@" in address or address.startswith("https://"):
        return UnitContact(address=address, name=name or None)
    number = e164(address)
    return UnitContact(address=number, name=name or None) if number is not None else None


def units_of(rows: Iterable[Mapping[str, str]]) -> list[Unit]:
    """The units that rows of ``unit_cells`` name."""
    return [
        Unit(
            code=row["code"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            kind=UnitKind(row["kind"]),
            parent=row["parent"] or None,
            areas=_parts(row["areas"]),
            hours=_parts(row["hours"]),
            contacts=tuple(filter(None, map(_contact, _parts(row["contacts"])))),
            deputies=tuple(filter(None, map(_contact, _parts(row["deputies"])))),
            effective_from=day(row["effective_from"]),
            effective_to=day(row["effective_to"]),
        )
        for row in rows
    ]


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


def day(cell: str) -> date | None:
    """The date of a cell, which may be empty."""
    return date.fromisoformat(cell) if cell else None


def unit_rows(rows: Iterable[SheetRow], divisions: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """Every row of a directory; ``SheetRefused`` names each one that is wrong by itself or beside the others."""
    found, problems = read_rows(rows, lambda row: unit_cells(row, divisions))
    problems = problems or sorted(_beside_each_other(found), key=lambda problem: problem.row)
    if problems:
        raise SheetRefused(problems)
    return [cells for _, cells in found]


def _beside_each_other(rows: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowProblem]:
    by_code: dict[str, Mapping[str, str]] = {}
    for number, row in rows:
        if row["code"] in by_code:
            yield RowProblem(number, f"{row['code']} is there twice", f"单位编码 {row['code']} 重复")
        by_code.setdefault(row["code"], row)
    holders: dict[tuple[str, str], str] = {}
    for number, row in rows:
        yield from _parent(number, row, by_code)
        for area in _parts(row["areas"]):
            other = holders.setdefault((row["kind"], area), row["code"])
            if other != row["code"] and _overlap(row, by_code[other]):
                yield RowProblem(
                    number,
                    f"division {area} is {other}'s already; end one of them first",
                    f"区划 {area} 已属于 {other}，请先停用其一",
                )


def _parent(number: int, row: Mapping[str, str], by_code: Mapping[str, Mapping[str, str]]) -> Iterator[RowProblem]:
    code, parent = row["code"], row["parent"]
    if parent and parent not in by_code:
        yield RowProblem(number, f"{code} has no parent {parent}", f"{code} 的上级单位 {parent} 不在目录中")
    if row["kind"] == UnitKind.TOWN and by_code.get(parent, {}).get("kind") != UnitKind.DISTRICT:
        yield RowProblem(number, f"{code} is a town: its parent is a district", f"{code} 是镇街，上级单位应为区")
    above = parent
    for _ in by_code:
        if above == code:
            yield RowProblem(number, f"{code} is above itself; correct a parent", f"{code} 的上级关系成环，请更正")
            return
        above = by_code.get(above, {}).get("parent", "")


def _overlap(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return not (
        (one["effective_to"] and one["effective_to"] < other["effective_from"])
        or (other["effective_to"] and other["effective_to"] < one["effective_from"])
    )


def read_units(path: Path, divisions: Mapping[str, str] | None = None) -> dict[str, Unit]:
    """Units by code; ``ConfigError`` names every wrong row. A missing file is an empty table."""
    if not path.exists():
        return {}
    with of_file(path):
        return {unit.code: unit for unit in units_of(unit_rows(read_sheet(path.read_bytes(), UNIT_COLUMNS), divisions))}
