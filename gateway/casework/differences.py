"""What is different between two versions of a table, row by row, or of a text, line by line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that is not the same: ``before`` None: it is new; ``after`` None: it is gone."""

    key: tuple[str, ...]
    before: Cells | None
    after: Cells | None

    @property
    def fields(self) -> dict[str, tuple[str, str]]:
        """What it said before and says now, of each column that changed."""
        before, after = self.before or {}, self.after or {}
        names = dict.fromkeys((*before, *after))
        return {name: pair for name in names if (pair := (before.get(name, ""), after.get(name, "")))[0] != pair[1]}

    def __str__(self) -> str:
        name = " ".join(part for part in self.key if part)
        if self.before is None:
            return f"+ {name}  {_said(self.after)}"
        if self.after is None:
            return f"- {name}  {_said(self.before)}"
        changed = "; ".join(f"{column}: {old or '∅'} → {new or '∅'}" for column, (old, new) in self.fields.items())
        return f"~ {name}  {changed}"


def _said(cells: Cells | None) -> str:
    return "; ".join(f"{name}: {cell}" for name, cell in (cells or {}).items() if cell)


def differences(before: Sequence[Cells], after: Sequence[Cells], key: Sequence[str]) -> tuple[RowChange, ...]:
    """The rows that are new, gone or altered, by the columns ``key`` that no two rows share. Order is no difference."""
    old = {tuple(row[name] for name in key): row for row in before}
    new = {tuple(row[name] for name in key): row for row in after}
    keys = [*old, *(one for one in new if one not in old)]
    return tuple(RowChange(one, old.get(one), new.get(one)) for one in keys if old.get(one) != new.get(one))


def line_differences(before: Sequence[Cells], after: Sequence[Cells]) -> tuple[RowChange, ...]:
    """The lines that are new, gone or altered, by their number; order counts."""
    old, new = [one["text"] for one in before], [one["text"] for one in after]
    found = []
    for tag, begin, end, new_begin, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            found += [RowChange((f"{n + 1}",), before[n], None) for n in range(begin, end)]
            found += [RowChange((f"{n + 1}",), None, after[n]) for n in range(new_begin, new_end)]
    return tuple(found)
