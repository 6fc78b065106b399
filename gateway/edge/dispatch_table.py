"""派单目录 as a table: columns, what a row must say, and the rules that the rows come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gateway.domain.case.dispatch_table import DispatchRule
from gateway.domain.task_status import Role
from gateway.domain.words import Crossing, Line
from gateway.edge.cells import ANY, RowReader, read_rows
from gateway.edge.sheets import Column, RowProblem, SheetRefused, SheetRow, of_file, read_sheet
from gateway.edge.unit_table import day

DISPATCH_COLUMNS = (
    Column("category", ("类别编码", "类别"), needed=True),
    Column("category_name", ("类别名称",)),
    Column("division", ("区划编码", "区划"), needed=True),
    Column("line", ("专线",), needed=True),
    Column("unit", ("承办单位编码", "单位编码"), needed=True),
    Column("unit_name", ("承办单位", "承办单位名称", "单位名称")),
    Column("role", ("角色", "主办协办"), needed=True),
    Column("crossing", ("交叉", "交叉类型")),
    Column("effective_from", ("生效日期",)),
    Column("effective_to", ("失效日期",)),
    Column("note", ("备注",)),
)
TERRITORY = "属地"
"""In place of a unit: whose territory the place is in."""
_TERRITORY_WORDS = frozenset({TERRITORY, "territory", "属地镇街"})
FIRST_ROW = 2
"""The number of the first rule: the row below the names."""


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """Names by code of everything that a row may refer to."""

    categories: Mapping[str, str]
    divisions: Mapping[str, str]
    units: Mapping[str, str]


def dispatch_cells(row: RowReader, known: KnownCodes) -> dict[str, str]:
    """One row of the dispatch table, every cell in its one form."""
    category = row.anything("category", "类别编码")
    if category is not None:
        category = row.known(category, known.categories, "category", "类别编码")
        row.named(category, known.categories, "category_name", "类别名称")
    division = row.anything("division", "区划编码")
    if division is not None:
        division = row.known(division, known.divisions, "division", "区划编码")
    line = row.anything("line", "专线")
    unit: str | None = row.needed("unit", "承办单位编码")
    if unit in _TERRITORY_WORDS:
        unit = TERRITORY
    else:
        unit = row.known(unit or "", known.units, "unit", "承办单位编码")
        row.named(unit, known.units, "unit_name", "承办单位")
    first, last = row.day("effective_from", "生效日期"), row.day("effective_to", "失效日期")
    row.ordered(first, last)
    return {
        "category": category or ANY,
        "category_name": known.categories.get(category or "", ""),
        "division": division or ANY,
        "line": ANY if line is None else row.term("line", "专线", Line) or "",
        "unit": unit or "",
        "unit_name": known.units.get(unit or "", ""),
        "role": row.term("role", "角色", Role) or "",
        "crossing": row.term("crossing", "交叉", Crossing, needed=False) or "",
        "effective_from": first or "",
        "effective_to": last or "",
        "note": row.text("note"),
    }


def rules_of(rows: Iterable[Mapping[str, str]]) -> list[DispatchRule]:
    """The rules that rows of ``dispatch_cells`` come to, numbered as in a file that holds the rows alone."""
    return [
        DispatchRule(
            row=number,
            category="" if row["category"] == ANY else row["category"],
            unit=None if row["unit"] == TERRITORY else row["unit"],
            role=Role(row["role"]),
            division=None if row["division"] == ANY else row["division"],
            line=None if row["line"] == ANY else row["line"],
            crossing=Crossing(row["crossing"]) if row["crossing"] else None,
            effective_from=day(row["effective_from"]),
            effective_to=day(row["effective_to"]),
        )
        for number, row in enumerate(rows, FIRST_ROW)
    ]


def dispatch_rows(rows: Iterable[SheetRow], known: KnownCodes) -> list[dict[str, str]]:
    """Every row of a dispatch table; ``SheetRefused`` names each one that is wrong by itself or beside the others."""
    found, problems = read_rows(rows, lambda row: dispatch_cells(row, known))
    problems = problems or sorted(_beside_each_other(found), key=lambda problem: problem.row)
    if problems:
        raise SheetRefused(problems)
    return [cells for _, cells in found]


def read_dispatch(path: Path, known: KnownCodes) -> list[DispatchRule]:
    """The rules of a file; ``ConfigError`` names every wrong row. A missing file is an empty table."""
    if not path.exists():
        return []
    with of_file(path):
        return rules_of(dispatch_rows(read_sheet(path.read_bytes(), DISPATCH_COLUMNS), known))


def _beside_each_other(rows: Sequence[tuple[int, Mapping[str, str]]]) -> Iterator[RowProblem]:
    groups: dict[tuple[str, str, str], list[tuple[int, DispatchRule]]] = {}
    for (number, row), rule in zip(rows, rules_of(row for _, row in rows), strict=True):
        groups.setdefault((row["category"], row["division"], row["line"]), []).append((number, rule))
    for group in groups.values():
        yield from _same_unit_twice(group)
        for on in sorted({edge for _, rule in group for edge in _edges(rule)}):
            wrong = _wrong_on([(number, rule) for number, rule in group if rule.counts_on(on)])
            if wrong is not None:
                yield wrong
                break


def _same_unit_twice(group: Sequence[tuple[int, DispatchRule]]) -> Iterator[RowProblem]:
    for at, (number, rule) in enumerate(group):
        for earlier, other in group[:at]:
            both = [edge for one in (rule, other) for edge in _edges(one)]
            if rule.unit == other.unit and any(rule.counts_on(on) and other.counts_on(on) for on in both):
                yield RowProblem(number, f"it says the same as row {earlier}; delete one", f"与第 {earlier} 行重复")
                break


def _edges(rule: DispatchRule) -> Iterator[date]:
    """Days on which something may be different from the day before."""
    yield rule.effective_from or date.min
    if rule.effective_to is not None and rule.effective_to < date.max:
        yield rule.effective_to + timedelta(days=1)


def _wrong_on(group: Sequence[tuple[int, DispatchRule]]) -> RowProblem | None:
    """What is wrong with rows that are in force together for the same category, division and line."""
    if not group:
        return None
    number, _ = group[0]
    leads = [rule for _, rule in group if rule.role is Role.LEAD]
    if not leads:
        return RowProblem(
            number,
            "the same category, division and line have no lead at some time; name one",
            "同一类别、区划、专线在某一时段没有主办单位，请补充",
        )
    if len(leads) > 1 and any(rule.unit is None for rule in leads):
        return RowProblem(
            number,
            f"{TERRITORY} leads beside another lead; make one of them joint",
            f"“{TERRITORY}”与其他单位同为主办，请将其一改为协办",
        )
    if len({rule.crossing for _, rule in group}) > 1:
        return RowProblem(
            number,
            "rows of the same category, division and line differ in crossing; make them equal",
            "同一类别、区划、专线各行的“交叉”不一致，请统一",
        )
    return None
