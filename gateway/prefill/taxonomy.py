"""What a city's demands are about and who handles them by default: ``taxonomy.csv`` read and verified."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gateway.domain.case.directory import Unit
from gateway.errors import ConfigError

TIME_LIMITS = frozenset({"urgent", "normal", "complex"})
_LEVEL_DIGITS = 2
_MAX_LEVEL = 4
_NO_END = "9999-12-31"


@dataclass(frozen=True, slots=True)
class TaxonomyNode:
    """One node: two digits of ``code`` a level; ``names`` from level 1 to its own; unit and time limit by default.

    Keywords are words as people say them: ``A+B`` wants both near each other, ``_`` stands for a blank.
    """

    code: str
    parent: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    unit: str
    urgent: bool
    """Answered at once (速派即办): danger to people, failing water, power or gas, complaints of tourists."""
    time_limit: str
    """urgent: 30 minutes, normal: 24 hours, complex: 48 hours, to the first answer."""
    effective_from: str = ""
    """ISO date of the first day on which the row counts; "" = always."""
    effective_to: str = ""
    """ISO date of the last one; "" = no end. A retired row stays, for the tickets that carry its code."""

    def counts_on(self, day: date) -> bool:
        """Whether new tickets may take this row on ``day``."""
        return self.effective_from <= day.isoformat() <= (self.effective_to or _NO_END)


def version(taxonomy: Mapping[str, TaxonomyNode], day: date) -> str | None:
    """The taxonomy's version on ``day``: the last date until then on which a row began or ended to count."""
    dates = (d for row in taxonomy.values() for d in (row.effective_from, row.effective_to))
    return max((d for d in dates if d and d <= day.isoformat()), default=None)


def read_taxonomy(path: Path, units: dict[str, Unit]) -> dict[str, TaxonomyNode]:
    """Categories by code, parents before children; ``ConfigError`` names every wrong row."""
    found: dict[str, TaxonomyNode] = {}
    paths: set[tuple[str, ...]] = set()
    problems: list[str] = []
    for where, row in _rows(path):
        names = tuple(name for level in range(1, _MAX_LEVEL + 1) if (name := row.get(f"l{level}_zh", "")))
        category = TaxonomyNode(
            code=row.get("code", ""),
            parent=row.get("parent", ""),
            names=names,
            keywords=tuple(row.get("keywords", "").split()),
            examples=tuple(filter(None, row.get("examples", "").split("|"))),
            unit=row.get("unit", ""),
            urgent=row.get("urgent") == "true",
            time_limit=row.get("time_limit", ""),
            effective_from=row.get("effective_from", ""),
            effective_to=row.get("effective_to", ""),
        )
        wrong = _wrong(category, found, units)
        if row.get("urgent") not in {"true", "false"}:
            wrong.append("urgent is true or false")
        if names in paths:
            wrong.append(f"{'/'.join(names)} is there twice")
        problems += [f"{where}: {text}" for text in wrong]
        if not wrong:
            found[category.code] = category
            paths.add(names)
    if problems:
        raise ConfigError(problems)
    return found


def _wrong(category: TaxonomyNode, found: dict[str, TaxonomyNode], units: dict[str, Unit]) -> list[str]:
    wrong = []
    code, level = category.code, len(category.names)
    if not code.isdigit() or not level or len(code) != level * _LEVEL_DIGITS:
        wrong.append(f"code {code!r} needs two digits for each of its {level} levels")
    if code in found:
        wrong.append(f"code {code} is there twice")
    if category.parent != code[:-_LEVEL_DIGITS]:
        wrong.append(f"parent of {code} must be {code[:-_LEVEL_DIGITS]!r}")
    elif category.parent and (category.parent not in found or found[category.parent].names != category.names[:-1]):
        wrong.append(f"{code} has no parent {category.parent} of the same names before it")
    if category.unit not in units:
        wrong.append(f"unit {category.unit!r} is not in units.csv")
    if category.time_limit not in TIME_LIMITS:
        wrong.append(f"time_limit is one of {'|'.join(sorted(TIME_LIMITS))}")
    elif category.urgent and category.time_limit != "urgent":
        wrong.append(f"{code} is urgent, so its time_limit is urgent")
    return [*wrong, *_wrong_words(category), *_wrong_dates(category)]


def _wrong_words(category: TaxonomyNode) -> Iterator[str]:
    """Keywords that can never be found, or say the same twice."""
    if len(set(category.keywords)) != len(category.keywords):
        yield f"{category.code} has a keyword twice"
    for word in category.keywords:
        if not all(part.strip("_") for part in word.split("+")):
            yield f"keyword {word!r} of {category.code} has an empty part"


def _wrong_dates(category: TaxonomyNode) -> Iterator[str]:
    for name in ("effective_from", "effective_to"):
        text = getattr(category, name)
        if text and not _is_date(text):
            yield f"{name} of {category.code} is a date like 2026-01-31, not {text!r}"
    if category.effective_to and category.effective_to < category.effective_from:
        yield f"{category.code} ends before it begins"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield f"{path}:{number}", {k: v.strip() for k, v in row.items() if isinstance(k, str) and v}
