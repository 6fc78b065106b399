"""Places that were said, found by name in the city's gazetteer (districts, streets and towns, communities)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.guess import Guess
from gateway.errors import ConfigError

_LEVELS = {"district": 1, "street": 2, "community": 3}
_SHORT = {
    "district": re.compile(r"区$"),
    "street": re.compile(r"(?:街道|镇|乡)$"),
    "community": re.compile(r"(?:居民委员会|村民委员会|居委会|村委会)$"),
}
_MIN_SHORT = 2
_ROAD = re.compile(r"[一-鿿]{2,6}?(?:大道|路|街|巷)(?:[0-9一二三四五六七八九十百]+号)?")


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """A pattern of the longest of ``names``, by first characters: few branches are tried where most names cannot be."""
    rests: dict[str, list[str]] = {}
    for name in sorted(names, key=len, reverse=True):
        rests.setdefault(name[0], []).append(re.escape(name[1:]))
    branches = [f"{re.escape(first)}(?:{'|'.join(found)})" for first, found in rests.items()]
    return re.compile("|".join(branches) or r"(?!)")


@dataclass(frozen=True, slots=True)
class Division:
    """One row of the gazetteer."""

    code: str
    name: str
    level: str
    parent: str


class Gazetteer:
    """The divisions of one city; ``code,name,level,parent`` rows, codes as in GB/T 2260 and its extension."""

    def __init__(self, divisions: list[Division]) -> None:
        """Index ``divisions`` by the names people use: in full, and without 区/街道/居委会."""
        self.by_code = {d.code: d for d in divisions}
        names: dict[str, list[Division]] = {}
        for division in divisions:
            short = _SHORT[division.level].sub("", division.name)
            for name in {division.name, short if division.level != "district" else division.name}:
                if len(name) >= _MIN_SHORT:
                    names.setdefault(name, []).append(division)
        self._names = names
        self._pattern = _any_of(names)

    @classmethod
    def read(cls, path: Path) -> Gazetteer:
        """Load the CSV; ``ConfigError`` names the wrong rows. A missing file is an empty gazetteer."""
        if not path.exists():
            return cls([])
        divisions, problems = [], []
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                if row.get("level") not in _LEVELS or not row.get("code") or not row.get("name"):
                    problems.append(f"{path}:{number}: needs code, name and level district|street|community")
                    continue
                divisions.append(Division(row["code"], row["name"], row["level"], row.get("parent") or ""))
        if problems:
            raise ConfigError(problems)
        return cls(divisions)

    def find(self, text: str) -> list[Guess]:
        """``place.*`` guesses for what ``text`` names; a name that two districts share is no evidence by itself."""
        hits = [(m, self._names[m.group()]) for m in self._pattern.finditer(text)]
        chosen: dict[str, tuple[Division, re.Match[str]]] = {}
        for match, candidates in hits:
            fitting = [d for d in candidates if self._consistent(d, chosen)]
            if len(fitting) == 1 and fitting[0].level not in chosen:
                chosen[fitting[0].level] = (fitting[0], match)
        if not chosen:
            return []
        guesses = []
        lowest = max((d for d, _ in chosen.values()), key=lambda d: _LEVELS[d.level])
        spans = [match.span() for _, match in chosen.values()]
        for division in self._upwards(lowest):
            said = chosen.get(division.level)
            span = said[1].span() if said else spans[0]
            guesses.append(
                Guess(
                    path=f"place.{division.level}",
                    value={"code": division.code, "name": division.name},
                    source="rule",
                    span=span,
                    confidence=0.9 if said else 0.8,
                ),
            )
        guesses.append(self._address(text, spans))
        return guesses

    def _consistent(self, division: Division, chosen: dict[str, tuple[Division, re.Match[str]]]) -> bool:
        chain = {d.code for d in self._upwards(division)}
        return all(
            other.code in chain or division.code in {d.code for d in self._upwards(other)}
            for other, _ in chosen.values()
        )

    def _upwards(self, division: Division) -> list[Division]:
        chain = [division]
        while (parent := self.by_code.get(chain[-1].parent)) is not None:
            chain.append(parent)
        return chain

    @staticmethod
    def _address(text: str, spans: list[tuple[int, int]]) -> Guess:
        """The words from the first named division to the road that directly follows the last one."""
        start, end = min(s for s, _ in spans), max(e for _, e in spans)
        road = _ROAD.match(text, end)
        if road is not None:
            end = road.end()
        return Guess(path="place.address", value=text[start:end], source="rule", span=(start, end), confidence=0.7)
