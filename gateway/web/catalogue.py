"""The tables that a form is made of and chooses from: fields, categories, units, divisions. Read once, and public."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.domain.case.directory import Directory, Unit
from gateway.edge.unit_table import read_units
from gateway.errors import ConfigError
from gateway.prefill.taxonomy import TaxonomyNode, read_taxonomy
from gateway.prefill.taxonomy import version as taxonomy_version
from gateway.web.form import described

_LEVELS = ("l1", "l2", "l3", "l4")


def _version(content: bytes) -> str:
    """A short name of exactly this content."""
    return hashlib.sha256(content).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Table:
    """One table as JSON, and the tag of exactly this content."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, items: list[dict[str, Any]], version: str) -> Table:
        """``items`` under ``version``, the name of what they were made from."""
        answer = {"version": version, "items": items}
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


_NOTHING = Table.of([], "")
_FIELDS = Table.of(described(), _version(json.dumps(described()).encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What ``config`` knows, and the fields of the record that a form is made of."""

    taxonomy: Table = _NOTHING
    units: Table = _NOTHING
    divisions: Table = _NOTHING
    fields: Table = _FIELDS
    categories: Mapping[str, TaxonomyNode] = field(default_factory=dict)
    category_names: Mapping[str, str] = field(default_factory=dict)
    """Of every category by its code: its own name."""
    categories_to_stay_at: Mapping[str, bool] = field(default_factory=dict)
    """Of every category by its code: whether a ticket may stay there, or is to be filed below."""
    unit_names: Mapping[str, str] = field(default_factory=dict)
    """Of every unit by its code."""

    def recorded(self, code: str, on: date) -> dict[str, Any] | None:
        """``demand.category`` for ``code`` as records of that day hold it; None when the taxonomy has no such row."""
        row = self.categories.get(code)
        if row is None:
            return None
        names = dict(zip(_LEVELS, row.names, strict=False))
        return {
            "code": code,
            **dict.fromkeys(_LEVELS),
            **names,
            "taxonomy_version": taxonomy_version(self.categories, on),
        }

    @classmethod
    def read(cls, config_dir: Path) -> Catalogue:
        """From the CSV files below ``config_dir``; a missing one is an empty table. ``gateway check`` verifies them."""
        taxonomy, version = _read(config_dir / "taxonomy.csv")
        divisions, divisions_version = _read(config_dir / "gazetteer.csv")
        parents = {row.get("parent", "") for row in taxonomy}
        known_units = read_units(config_dir / "units.csv")
        units = [_unit(unit) for unit in known_units.values()]
        categories = read_taxonomy(config_dir / "taxonomy.csv", known_units)
        return cls(
            taxonomy=Table.of(
                [_category(row, categories[row["code"]], leaf=row["code"] not in parents) for row in taxonomy], version
            ),
            units=Table.of(units, _version(json.dumps(units).encode()) if units else ""),
            divisions=Table.of(
                [{key: row.get(key, "") for key in ("code", "name", "level", "parent")} for row in divisions],
                divisions_version,
            ),
            categories=categories,
            category_names={code: category.names[-1] for code, category in categories.items()},
            categories_to_stay_at={code: category.may_stay for code, category in categories.items()},
            unit_names={code: unit.name_zh for code, unit in known_units.items()},
        )


@lru_cache(maxsize=2)
def units_in_force(directory: Directory, version: str) -> Table:
    """The units of a directory that officers have imported."""
    return Table.of([_unit(unit) for unit in directory.units.values()], version)


def _read(path: Path) -> tuple[list[dict[str, str]], str]:
    """Rows that have a code, and the version of the file."""
    if not path.exists():
        return [], ""
    try:
        content = path.read_bytes()
        return list(_rows(content.decode("utf-8-sig"))), _version(content)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError([f"{path}: {error}"]) from error


def _rows(content: str) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(content.splitlines()):
        clean = {key: value.strip() for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        if clean.get("code"):
            yield clean


def _category(row: Mapping[str, str], node: TaxonomyNode, *, leaf: bool) -> dict[str, Any]:
    return {
        "code": node.code,
        "names": node.names,
        "names_en": [name for level in _LEVELS if (name := row.get(f"{level}_en", ""))],
        "keywords": node.keywords,
        "unit": node.unit,
        "urgent": node.urgent,
        "danger": node.danger,
        "plan_urgent": node.plan_urgent,
        "reply_limits_s": {kind: int(limit.total_seconds()) for kind, limit in node.reply_limits.items()},
        "leaf": leaf,
        "may_stay": node.may_stay,
        "gbt39666": node.standard_class or None,
        "effective_from": node.effective_from or None,
        "effective_to": node.effective_to or None,
    }


def _unit(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name_zh,
        "name_en": unit.name_en,
        "kind": unit.kind,
        "parent": unit.parent,
    }
