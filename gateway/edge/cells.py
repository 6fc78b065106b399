"""Cells as people type them and spreadsheets alter them, read strictly: a value, or why it is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.words import Term
from gateway.edge.sheets import RowProblem, SheetRow

_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日)")
_POWER_OF_TEN = re.compile(r"\d(?:\.\d+)?E\+\d+", re.IGNORECASE)
_SEPARATORS = re.compile(r"[|;；、，,\s]+")
_SEVERAL = re.compile(r"[|;；\n]+")
_FORMULA = ("=", "@")
ANY = "*"
"""Written where a row holds for everything: an empty cell may be one that lost its value, as merged ones do in CSV."""
_ANY_WORDS = frozenset({ANY, "全部", "不限", "全市", "any"})


@dataclass(slots=True)
class RowReader:
    """Reads one row; every mistake goes to ``problems``, and the value is then None or empty."""

    row: SheetRow
    problems: list[RowProblem] = field(default_factory=list)

    def wrong(self, en: str, zh: str) -> None:
        """Refuse the row for this, too."""
        self.problems.append(RowProblem(self.row.number, en, zh))

    def text(self, key: str) -> str:
        """A text as it stands; one that a spreadsheet would carry out as a formula is refused."""
        found = self.row.cells.get(key, "")
        if found.startswith(_FORMULA):
            self.wrong(f"{key} begins with {found[0]}; write it as text", f"{key} 以 {found[0]} 开头，请改为文本")
        return found

    def plain(self, key: str) -> str:
        """A code, date or number: full-width characters become the usual ones."""
        return unicodedata.normalize("NFKC", self.text(key)).strip().strip("'`")

    def needed(self, key: str, name: str) -> str:
        """A code that must be there."""
        found = self.plain(key)
        if not found:
            self.wrong(
                f"{key} is empty; if its cell was merged, split it and fill in every row",
                f"“{name}”为空；若为合并单元格，请取消合并并逐行填写",
            )
        return found

    def known(self, code: str, known: Mapping[str, str], key: str, name: str) -> str | None:
        """``code`` if it is one of ``known``, with the zero in front that a spreadsheet took from it."""
        if code in known:
            return code
        padded = f"0{code}"
        if code.isdigit() and padded in known:
            return padded
        if _POWER_OF_TEN.fullmatch(code):
            self.wrong(
                f"{key} {code!r} was shortened by the spreadsheet; format the column as text and type the code anew",
                f"“{name}”{code} 被表格软件转成科学计数，请把该列设为文本后重新填写",
            )
        elif code:
            self.wrong(f"there is no {key} {code!r}; correct it", f"“{name}”{code} 不存在，请更正")
        return None

    def named(self, code: str | None, known: Mapping[str, str], key: str, name: str) -> None:
        """Refuse a row whose name does not belong to its code: one of the two has slipped."""
        said = self.text(key)
        if code is not None and said and said != known[code]:
            self.wrong(
                f"{code} is {known[code]}, but {key} says {said}; correct one of them",
                f"{code} 是“{known[code]}”，而“{name}”写的是“{said}”，请更正其一",
            )

    def anything(self, key: str, name: str) -> str | None:
        """A code, or None where the row says that it holds for all."""
        found = self.plain(key)
        if not found:
            self.wrong(
                f"{key} is empty; write {ANY} for all, or if its cell was merged, split it and fill in every row",
                f"“{name}”为空；适用全部请填 {ANY}；若为合并单元格，请取消合并并逐行填写",
            )
        return None if not found or found.lower() in _ANY_WORDS else found

    def term(self, key: str, name: str, terms: Iterable[Term], *, needed: bool = True) -> str | None:
        """The code of one of ``terms``, by its code or a name."""
        found = self.plain(key) if not needed else self.needed(key, name)
        words = {word.lower(): term.value for term in terms for word in (term.value, term.zh, term.en)}
        if found and found.lower() not in words:
            ways = "、".join(f"{term.zh} {term.value}" for term in terms)
            self.wrong(f"{key} is none of: {ways}", f"“{name}”只能是：{ways}")
        return words.get(found.lower())

    def day(self, key: str, name: str) -> str | None:
        """An ISO date; as written by hand or by a spreadsheet (2026/1/5, 2026年1月5日)."""
        found = self.plain(key).removesuffix(" 0:00").removesuffix(" 00:00:00").strip()
        if not found:
            return None
        iso = _iso(found)
        if iso is None:
            self.wrong(
                f"{key} {found!r} is no date; write it as 2026-01-05", f"“{name}”{found} 不是日期，请写成 2026-01-05"
            )
        return iso

    def ordered(self, first: str | None, last: str | None) -> None:
        """Refuse a row that ends before it begins."""
        if first is not None and last is not None and last < first:
            self.wrong(f"it ends on {last}, before it begins on {first}", f"失效日期 {last} 早于生效日期 {first}")

    def codes(self, key: str) -> list[str]:
        """Several codes in one cell."""
        return list(dict.fromkeys(filter(None, _SEPARATORS.split(self.plain(key)))))

    def several(self, key: str) -> list[str]:
        """Several texts in one cell, parted by ``|`` or ``;``."""
        return [part.strip() for part in _SEVERAL.split(self.text(key)) if part.strip()]


def read_rows(
    rows: Iterable[SheetRow], one: Callable[[RowReader], dict[str, str]]
) -> tuple[list[tuple[int, dict[str, str]]], list[RowProblem]]:
    """What ``one`` makes of each row, with its number; and everything that is wrong in any of them."""
    found, problems = [], []
    for row in rows:
        reader = RowReader(row)
        cells = one(reader)
        problems += reader.problems
        if not reader.problems:
            found.append((row.number, cells))
    return found, problems


def _iso(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups() if part)).isoformat()
    except ValueError:  # 31 February
        return None
