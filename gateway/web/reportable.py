"""What can be reported by Open311: a small list in ``config/open311_services.csv``."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.domain.words import DemandType
from gateway.errors import ConfigError
from gateway.web.nearest import nearest
from gateway.web.problems import Problem

OTHER = "other"
TAXONOMY = "open311"
"""``taxonomy_version`` of categories that are codes of this list."""
_COLUMNS = ["service_code", "service_name", "description", "group", "keywords", "demand_type"]
_TYPES = frozenset(word.value for word in DemandType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One kind of report."""

    code: str
    name: str
    description: str = ""
    group: str = ""
    keywords: str = ""
    """Comma-separated."""
    demand_type: str | None = None


BY_TYPE = tuple(
    Service(code=kind.value, name=kind.zh, group="按类型", demand_type=kind.value if kind.value != OTHER else None)
    for kind in DemandType
)
"""The services of an installation without a list: one for each type of demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open311:
    """How the city appears to Open311 clients."""

    services: tuple[Service, ...] = BY_TYPE
    jurisdiction_id: str = ""
    """Requests for another jurisdiction are refused; empty: any is taken."""
    contact: str = "12345"
    public: str = "open311"
    """Which tickets are read without a key: ``none``, ``open311`` (those reported there) or ``all``; never secret
    ones, and only what the standard shows."""
    by_code: dict[str, Service] = field(init=False)

    def __post_init__(self) -> None:
        """Index the list."""
        object.__setattr__(self, "by_code", {service.code: service for service in self.services})

    def of(self, record: dict[str, Any]) -> Service:
        """The service of a ticket: its category when that is one of ours, else its type, else ``other``."""
        demand = record["demand"]
        code = demand["category"]["code"]
        found = self.by_code.get(code or "") or self.by_code.get(demand["type"] or "") or self.by_code.get(OTHER)
        return found or Service(code=OTHER, name="其他")


def unknown_service(code: str, city: Open311) -> Problem:
    """404, as GeoReport has it for a service_code that is not in the list; it names the nearest."""
    names = {service.code: service.name for service in city.services}
    meant = nearest(code, names)
    hint = f" The nearest is {meant} {names[meant]}." if meant is not None else ""
    return Problem(404, "unknown_service", f"service_code provided was not found.{hint}")


def read_services(path: Path) -> tuple[Service, ...]:
    """The list in ``path``; ``ConfigError`` with every mistake. Without the file: the types of demand."""
    if not path.exists():
        return BY_TYPE
    with path.open(encoding="utf-8-sig", newline="") as source:
        rows = csv.DictReader(source)
        if rows.fieldnames != _COLUMNS:
            raise ConfigError([f"{path}: the columns must be {','.join(_COLUMNS)}"])
        problems: list[str] = []
        found: dict[str, Service] = {}
        for row in rows:
            code, kind = (row["service_code"] or "").strip(), (row["demand_type"] or "").strip()
            if not code or code in found or not (row["service_name"] or "").strip():
                problems.append(f"{path}:{rows.line_num}: needs a service_code of its own and a service_name")
            elif kind and kind not in _TYPES:
                problems.append(f"{path}:{rows.line_num}: demand_type is one of {', '.join(sorted(_TYPES))}, or empty")
            else:
                texts = {key: (row[key] or "").strip() for key in ("description", "group", "keywords")}
                found[code] = Service(code=code, name=row["service_name"].strip(), demand_type=kind or None, **texts)
    if problems:
        raise ConfigError(problems)
    return tuple(found.values()) or BY_TYPE
