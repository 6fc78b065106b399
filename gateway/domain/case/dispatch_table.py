"""派单目录 as rules: which rows of the dispatch table are about a demand. One version, immutable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from gateway.domain.case.directory import in_force
from gateway.domain.task_status import Role
from gateway.domain.words import Crossing


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched:
    """What is asked of dispatch: codes alone, as a ticket holds them."""

    category: str | None
    may_stay: bool = True
    """Whether the taxonomy lets a ticket stay at this category; False: it is to be filed below it."""
    division: str | None
    """The narrowest division that is known."""
    line: str
    on: date
    """The city's day."""
    first_asked: str | None = None
    """首问单位: the unit that took the matter in first."""
    crossing: Crossing | None = None
    """As the centre stated it; the table's own counts where nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRule:
    """A row of the dispatch table (派单目录). ``row`` is its number there; ``None`` matches everything."""

    row: int
    category: str
    """A code of the taxonomy; it stands for those below it, too. "" stands for every one."""
    unit: str | None
    """None: whose territory it is (属地)."""
    role: Role = Role.LEAD
    division: str | None = None
    """A code of the gazetteer; it stands for those below it, too."""
    line: str | None = None
    crossing: Crossing | None = None
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def specificity(self) -> tuple[int, int, bool]:
        """Category before division before line: rows that are equal here belong together, the greatest decide."""
        return len(self.category), len(self.division or ""), self.line is not None

    def counts_on(self, day: date) -> bool:
        """Whether it is in force on ``day``."""
        return in_force(self.effective_from, self.effective_to, day)

    def matches(self, demand: Dispatched) -> bool:
        """Whether it is in force for ``demand``, whose category it fits."""
        return (
            self.counts_on(demand.on)
            and (self.division is None or (demand.division or "").startswith(self.division))
            and self.line in {None, demand.line}
        )


class DispatchTable:
    """Every row of one version of the dispatch table."""

    def __init__(self, rules: Iterable[DispatchRule]) -> None:
        """Index ``rules`` by category."""
        self.rules = tuple(rules)
        self._by_category: dict[str, list[DispatchRule]] = {}
        self._above: dict[str, list[DispatchRule]] = {}
        for rule in self.rules:
            self._by_category.setdefault(rule.category, []).append(rule)
            for length in range(1, len(rule.category)):
                self._above.setdefault(rule.category[:length], []).append(rule)

    def fitting(self, demand: Dispatched) -> list[DispatchRule]:
        """The most specific rows in force for ``demand``, in the order of the table; none when it has no category."""
        if demand.category is None:
            return []
        for length in range(len(demand.category), -1, -1):
            found = [rule for rule in self._by_category.get(demand.category[:length], ()) if rule.matches(demand)]
            if found:
                best = max(rule.specificity for rule in found)
                return [rule for rule in found if rule.specificity == best]
        return []

    def narrower(self, demand: Dispatched) -> list[DispatchRule]:
        """Rows in force of categories below that of ``demand``."""
        return [rule for rule in self._above.get(demand.category or "", ()) if rule.matches(demand)]
