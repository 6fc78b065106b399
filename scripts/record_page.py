"""Write the keys and the table of fields in docs/record.md, from ``gateway.domain.fields.TABLE``.

Run ``.venv/bin/python -m scripts.record_page`` after a row was added or altered; a test fails when the page is stale.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from gateway.domain.fields import GROUPS, TABLE, By, FieldRow, FieldTable, Kind, Mask

PAGE = Path(__file__).resolve().parents[1] / "docs" / "record.md"
_BREAKS = frozenset(
    {
        "line",
        "interactions",
        "requester",
        "demand",
        "place",
        "handling",
        "outcome",
        "prefill",
        "related",
        "attachments",
    },
)
"""A line of the keys begins with these; other top-level keys share one."""
_MASKS = {
    Mask.SHOWN: "",
    Mask.SAID: "names and numbers in it",
    Mask.NAME: "all but its beginning",
    Mask.NUMBER: "its middle",
    Mask.RAW: "its middle, hosts, accounts",
    Mask.FOREIGN_ID: "addresses in it",
    Mask.URL: "names and numbers in it, unless it is ours",
    Mask.KEYS: "numbers in it",
    Mask.GUESSED: "as its field",
    Mask.MENTIONED: "by its kind",
    Mask.WHOLLY: "all of it",
    Mask.UNKNOWN: "not told",
}
_SETTERS = {By.SOURCE: "source", By.PERSON: "person", By.GUESS: "guess"}
_HEAD = ("| path | type | set by | personal | masked | 中文 | English |", "|---|---|---|:-:|---|---|---|")


def keys(table: FieldTable = TABLE) -> str:
    """Every key of the record, as a block of code."""
    lines: list[list[str]] = []
    for row in table.within():
        if not lines or row.name in _BREAKS:
            lines.append([])
        lines[-1].append(_spelled(table, row))
    told = (textwrap.fill(" · ".join(line), width=118, subsequent_indent="   ") for line in lines)
    return "\n".join(("```", *told, "```"))


def _spelled(table: FieldTable, row: FieldRow) -> str:
    many = "[]" if row.many or row.kind is Kind.LIST else ""
    inner = ", ".join(_spelled(table, one) for one in table.within(row.path))
    if row.kind is Kind.MAP:
        return f"{row.name} {{path: {{{inner}}}}}"
    return f"{row.name}{many}{f' {{{inner}}}' if inner else ''}"


def rows(table: FieldTable = TABLE) -> str:
    """The table of fields: a row each."""
    return "\n".join((*_HEAD, *_rows(table)))


def _rows(table: FieldTable) -> Iterator[str]:
    for row in table:
        setters = ", ".join(name for by, name in _SETTERS.items() if by in row.by)
        masked = _MASKS[row.mask]
        if row.hidden is not None:
            masked = f"{masked or 'no'}; of who hides: {_MASKS[row.hidden]}"
        personal = "✓" if row.personal else ""
        yield f"| `{_path(table, row)}` | {_type(row)} | {setters} | {personal} | {masked} | {row.zh} | {row.en} |"


def _path(table: FieldTable, row: FieldRow) -> str:
    """The path with ``[]`` behind lists and ``{}`` behind maps."""
    above = table.get(row.parent)
    mark = "[]" if row.many or row.kind is Kind.LIST else "{}" if row.kind is Kind.MAP else ""
    return f"{_path(table, above)}.{row.name}{mark}" if above else f"{row.name}{mark}"


def _type(row: FieldRow) -> str:
    told = "object" if row.kind in GROUPS else row.kind.value
    if row.words is not None:
        told += f": {', '.join(word.value for word in row.words)}{' …' if row.kind is not Kind.WORD else ''}"
    if row.code is not None:
        told += f", known by `{row.code}`"
    return told if not row.null else f"{told}, or null"


def written(page: str, table: FieldTable = TABLE) -> str:
    """``page`` with its two made parts as ``table`` has them."""
    for name, part in (("keys", keys(table)), ("fields", rows(table))):
        begin, end = f"<!-- {name} made by scripts/record_page.py -->\n", f"\n<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"docs/record.md has lost its marks of {name}: {begin.strip()} … {end.strip()}")
        page = before + begin + part + end + after
    return page


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
