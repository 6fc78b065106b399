"""承办单位目录: who may have to act, where, in which hours, and who is reached there. One version, immutable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.domain.words import Term


class UnitKind(Term):
    """The four kinds of the city's plan: 市级部门、各区、镇(街道)、承担公共服务职能的企事业单位."""

    DEPARTMENT = "department", "市级部门", "Department"
    DISTRICT = "district", "区(园区)", "District or zone"
    TOWN = "town", "镇(街道)", "Town or street"
    ENTERPRISE = "enterprise", "公共服务企事业单位", "Public service enterprise"


TERRITORIAL = frozenset({UnitKind.DISTRICT, UnitKind.TOWN})
"""Kinds that answer for a territory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitContact:
    """Where notices to a unit go: an E.164 number, an e-mail address, or the https address of a group's robot."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """承办单位. ``parent`` is the unit that answers for it; it stands in for one that has ended."""

    code: str
    name_zh: str
    name_en: str
    kind: UnitKind
    parent: str | None = None
    areas: tuple[str, ...] = ()
    """Division codes of the gazetteer; each covers the divisions below it."""
    hours: tuple[str, ...] = ()
    """Spans of a week (``gateway.domain.hours.parse_span``); none: round the clock."""
    contacts: tuple[UnitContact, ...] = ()
    deputies: tuple[UnitContact, ...] = ()
    """Who is told when the contacts do not act."""
    effective_from: date | None = None
    effective_to: date | None = None
    """Its last day."""

    def counts_on(self, day: date) -> bool:
        """Whether it may be given work on ``day``."""
        return in_force(self.effective_from, self.effective_to, day)


class Directory:
    """Every unit of one version of the directory."""

    def __init__(self, units: Iterable[Unit]) -> None:
        """Index ``units``: their codes differ, none is above itself (the importer refuses what is not so)."""
        self.units: Mapping[str, Unit] = {unit.code: unit for unit in units}
        self._by_area: dict[str, list[Unit]] = {}
        for unit in self.units.values():
            for area in unit.areas:
                self._by_area.setdefault(area, []).append(unit)
        self._lengths = sorted({len(area) for area in self._by_area}, reverse=True)

    def standing(self, code: str, on: date) -> Unit | None:
        """The unit ``code``, or the nearest one above it that counts on that day; None when there is none."""
        unit = self.units.get(code)
        while unit is not None and not unit.counts_on(on):
            unit = self.units.get(unit.parent) if unit.parent else None
        return unit

    def covering(self, division: str | None, on: date, kinds: Iterable[UnitKind] = TERRITORIAL) -> Unit | None:
        """The unit of ``kinds`` with the smallest area around ``division`` that counts on that day."""
        code, wanted = division or "", frozenset(kinds)
        around = (
            unit for length in self._lengths if length <= len(code) for unit in self._by_area.get(code[:length], ())
        )
        return next((unit for unit in around if unit.kind in wanted and unit.counts_on(on)), None)


def in_force(first: date | None, last: date | None, day: date) -> bool:
    """Whether ``day`` lies between the days ``first`` and ``last``, both included; None is no bound."""
    return (first is None or first <= day) and (last is None or day <= last)
