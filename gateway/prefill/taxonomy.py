"""What a city's demands are about and who handles them by default: ``taxonomy.csv`` read and verified."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from gateway.domain.case.directory import Unit
from gateway.errors import ConfigError
from gateway.prefill.reply_limits import read_reply_limits

_LEVEL_DIGITS = 2
_MAX_LEVEL = 4
_NO_END = "9999-12-31"
_FLAGS = ("danger", "plan_urgent", "may_stay")
_REPLACED = {"urgent": "danger and plan_urgent", "time_limit": "reply_limits"}
"""Columns of earlier versions, and what says the same now."""
_STANDARD_CLASS = re.compile(r"(?:\d{2}){1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TaxonomyNode:
    """One node: two digits of ``code`` a level; ``names`` from level 1 to its own; unit by default.

    Keywords are words as people say them: ``A+B`` wants both near each other, ``_`` stands for a blank.
    """

    code: str
    parent: str
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    unit: str
    danger: bool = False
    """People are in danger by the matter alone."""
    plan_urgent: bool = False
    """The city's plan counts it as urgent: failing water, power or gas, complaints of tourists."""
    reply_limits: Mapping[str, timedelta] = field(default_factory=dict)
    """By demand type, where it differs from the policy of cases; for a ticket ask ``Matters.reply_limit``."""
    may_stay: bool = True
    """A ticket may stay here. False: it is to be filed under one of the rows below before it is dispatched."""
    standard_class: str = ""
    """Its class in GB/T 39666-2020, two digits for each of at most three levels; "" = not known."""
    effective_from: str = ""
    """ISO date of the first day on which the row counts; "" = always."""
    effective_to: str = ""
    """ISO date of the last one; "" = no end. A retired row stays, for the tickets that carry its code."""

    @property
    def urgent(self) -> bool:
        """Answered at once (速派即办), within 30 minutes: for danger, or because the plan says so."""
        return self.danger or self.plan_urgent

    def counts_on(self, day: date) -> bool:
        """Whether new tickets may take this row on ``day``."""
        return self.effective_from <= day.isoformat() <= (self.effective_to or _NO_END)


def version(taxonomy: Mapping[str, TaxonomyNode], day: date) -> str | None:
    """The taxonomy's version on ``day``: the last date until then on which a row began or ended to count."""
    dates = (d for row in taxonomy.values() for d in (row.effective_from, row.effective_to))
    return max((d for d in dates if d and d <= day.isoformat()), default=None)


def read_taxonomy(path: Path, units: Mapping[str, Unit] | None) -> dict[str, TaxonomyNode]:
    """Categories by code, parents before children; ``ConfigError`` names every wrong row.

    ``units``: those that rows may name; None: they are not looked up.
    """
    found: dict[str, TaxonomyNode] = {}
    paths: set[tuple[str, ...]] = set()
    problems: list[str] = []
    for where, row in _rows(path):
        if replaced := [f"{old} is now {new}" for old, new in _REPLACED.items() if old in row]:
            raise ConfigError([f"{path}: the columns have changed: {', '.join(replaced)} (docs/taxonomy.md)"])
        category, wrong = _read(row)
        wrong += _wrong(category, found, units)
        if category.names in paths:
            wrong.append(f"{'/'.join(category.names)} is there twice")
        problems += [f"{where}: {text}" for text in wrong]
        if not wrong:
            found[category.code] = category
            paths.add(category.names)
    parents = {category.parent for category in found.values()}
    problems += [
        f"{path}: {code} has no row below it, so a ticket may stay there: may_stay is true"
        for code, category in found.items()
        if code not in parents and not category.may_stay
    ]
    if problems:
        raise ConfigError(problems)
    return found


def _read(row: Mapping[str, str]) -> tuple[TaxonomyNode, list[str]]:
    """A row and what cannot be read of it."""
    wrong = [f"{flag} is true or false" for flag in _FLAGS if row.get(flag) not in {"true", "false"}]
    limits: dict[str, timedelta] = {}
    try:
        limits = read_reply_limits(row.get("reply_limits", ""))
    except ValueError as error:
        wrong.append(f"reply_limits: {error}")
    category = TaxonomyNode(
        code=row.get("code", ""),
        parent=row.get("parent", ""),
        names=tuple(name for level in range(1, _MAX_LEVEL + 1) if (name := row.get(f"l{level}_zh", ""))),
        keywords=tuple(row.get("keywords", "").split()),
        examples=tuple(filter(None, row.get("examples", "").split("|"))),
        unit=row.get("unit", ""),
        danger=row.get("danger") == "true",
        plan_urgent=row.get("plan_urgent") == "true",
        reply_limits=limits,
        may_stay=row.get("may_stay") == "true",
        standard_class=row.get("gbt39666", ""),
        effective_from=row.get("effective_from", ""),
        effective_to=row.get("effective_to", ""),
    )
    return category, wrong


def _wrong(category: TaxonomyNode, found: dict[str, TaxonomyNode], units: Mapping[str, Unit] | None) -> list[str]:
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
    if units is not None and category.unit not in units:
        wrong.append(f"unit {category.unit!r} is not in units.csv")
    if category.standard_class and not _STANDARD_CLASS.fullmatch(category.standard_class):
        wrong.append(f"gbt39666 of {code} is 2, 4 or 6 digits, not {category.standard_class!r}")
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
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield f"{path}:{number}", {k: v.strip() for k, v in row.items() if isinstance(k, str) and v}
