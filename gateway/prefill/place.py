"""Places that were said, found in the city's gazetteer and aliases: as written, and as a recogniser mis-heard them."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

from gateway.domain.guess import Guess
from gateway.errors import ConfigError
from gateway.prefill.address import tail, unnamed
from gateway.prefill.alternatives import alternatives, settled
from gateway.prefill.aside import Relevance, aimed_at, aside, turns_to
from gateway.prefill.names import LEVELS, GazetteerEntry, NameHit, PlaceNames
from gateway.prefill.outside import Outside
from gateway.prefill.syllables import loose, syllable

_ALIAS_KINDS = {"road", "compound", "landmark", "area", "short"}
_TOWN_BEFORE = re.compile(r"([一-鿿]{2})(?:镇|乡|县|街道)$")
_CONFIDENCE = {"exact": 0.9, "alias": 0.85, "same": 0.75, "bare": 0.75, "like": 0.65}
_ONLY_ADDRESS, _UNNAMED_ADDRESS = 0.65, 0.55
_CONTESTED = 0.75
"""No surer is a place beside which another one is named, or that is named only by the way."""
_LEFT = 0.45
"""Nor one where the requester is from, who now lives in another city."""
_OPEN = 0.4
"""Below ``FILL_AT``: where a text leaves open which of several places it is, each is offered and none filled in."""
_SHARED_DISTRICTS = frozenset({"龙华区", "龙华"})
"""Our districts' names that other cities have, too."""
_ORDER = {"exact": 0, "alias": 2, "same": 1, "bare": 2, "like": 3}


class Gazetteer:
    """The divisions of one city; ``code,name,level,parent`` rows, codes as in GB/T 2260 and its extension."""

    def __init__(self, divisions: list[GazetteerEntry], aliases: list[tuple[str, str, str]] | None = None) -> None:
        """Index ``divisions`` and ``aliases`` (name, kind, code) by all names people use."""
        self.by_code = {d.code: d for d in divisions}
        self.aliases = tuple(name for name, _, _ in aliases or [])
        self._short = {
            name: self.by_code[code] for name, kind, code in aliases or [] if kind == "short" and code in self.by_code
        }
        self._chains = {d.code: frozenset(above.code for above in self._upwards(d)) for d in divisions}
        self._names = PlaceNames(divisions, [(n, kind, self.by_code.get(code)) for n, kind, code in aliases or []])

    @classmethod
    def read(cls, path: Path, aliases: Path | None = None) -> Gazetteer:
        """Load the CSV and the alias table beside it (``place_aliases.csv`` unless given).

        ``ConfigError`` names the wrong rows. A missing file is an empty table.
        """
        divisions, problems = _read_divisions(path)
        codes = {d.code for d in divisions}
        cities = {d.parent for d in divisions if d.level == "district"}
        rows, wrong = _read_aliases(aliases or path.with_name("place_aliases.csv"), codes | cities)
        if problems + wrong:
            raise ConfigError(problems + wrong)
        return cls(divisions, rows)

    def find(self, text: str) -> list[Guess]:
        """``place.*`` guesses for what ``text`` names.

        A name that two districts share is no evidence by itself; a place said to be in another city is none at all.
        What was mis-heard is placed with less confidence; spans and ``place.address`` keep it as it was written.
        """
        hits = self._names.find(text)
        outside = Outside(text)
        ends = {h.end for h in hits}
        hits = [
            h
            for h in hits
            if not outside.covers(h.start, h.end, shared=self._shared(text, h))
            and not self._in_other_town(text, h, ends)
        ]
        hits, since = settled(text, hits)
        sides, others = alternatives(text, hits)
        if sides:
            settling = _meant(text, others)[0]
            possible = self._possible(sides, settling)
            if len(possible) > 1:
                return self._offers(text, possible, settling)
            hits = sorted([*others, *(h for side in possible for h in side)], key=lambda h: h.start)
        hits, offices, side = _meant(text, hits)
        contested = [level for level in ("district", "street") if self._contested(hits + offices, level)]
        for level in contested:
            hits = self._turned_to(text, hits, level)
        most = _LEFT if side is Relevance.PERHAPS and outside.lives_there_now() else 1.0
        chosen = self._choose(hits)
        if not chosen:
            return self._only_address(text, hits, outside)
        lowest = _lowest(chosen)
        weakest = chosen[lowest.level][1]
        guesses = []
        for division in self._upwards(lowest):
            named = chosen.get(division.level)
            hit = named[1] if named else weakest
            confidence = min(most, _CONFIDENCE[hit.grade] - (0.0 if named else 0.05))
            if side is Relevance.PERHAPS or any(LEVELS[level] <= LEVELS[division.level] for level in contested):
                confidence = min(_CONTESTED, confidence)
            guesses.append(
                Guess(
                    path=f"place.{division.level}",
                    value={"code": division.code, "name": division.name},
                    source="rule",
                    span=(hit.start, hit.end),
                    confidence=round(confidence, 2),
                ),
            )
        said = [h for _, h in chosen.values() if h.start >= since] or [h for h in hits if h.start >= since][:1]
        address = self._address(text, said or [weakest], hits)
        guesses.append(replace(address, confidence=min(most, address.confidence)))
        return guesses

    def _possible(self, sides: list[list[NameHit]], others: list[NameHit]) -> list[list[NameHit]]:
        """Of ``sides`` those that can be meant beside ``others``, which leave nothing open; each as far as it can."""
        settled = self._choose(others)
        fitting = (
            [h for h in side if not h.divisions or any(self._consistent(d, settled) for d in h.divisions)]
            for side in sides
        )
        return [side for side in fitting if side]

    def _offers(self, text: str, sides: list[list[NameHit]], others: list[NameHit]) -> list[Guess]:
        """What ``sides`` have in common, and every level on which they differ as an offer of each."""
        chosen = [self._choose([*others, *(self._narrowed(text, hit) for hit in side)]) for side in sides]
        chains = [{d.level: d for d in self._upwards(_lowest(one))} if one else {} for one in chosen]
        start, end = sides[0][0].start, sides[-1][-1].end
        guesses = [_address_guess(text, start, tail(text, end), _OPEN)]
        for level in LEVELS:
            named = [chain.get(level) for chain in chains]
            offered = [division for division in dict.fromkeys(named) if division is not None]
            if not offered:
                continue
            guesses.append(
                Guess(
                    path=f"place.{level}",
                    value={"code": offered[0].code, "name": offered[0].name},
                    source="rule",
                    span=(start, end),
                    confidence=_CONTESTED if len(set(named)) == 1 else _OPEN,
                    candidates=tuple((one.code, _OPEN) for one in offered) if len(set(named)) > 1 else (),
                )
            )
        return guesses

    def _narrowed(self, text: str, hit: NameHit) -> NameHit:
        """``hit`` as what its words begin with in its district: an island that lies in two streets, as 海甸街道."""
        for end in range(hit.end - 1, hit.start + 1, -1):
            named = self._short.get(text[hit.start : end])
            if named is not None and any(named.parent == d.code for d in hit.divisions):
                return replace(hit, divisions=(named,))
        return hit

    def _at(self, hit: NameHit, level: str) -> str | None:
        """The one division of ``level`` in which all that ``hit`` may be lies."""
        codes = {next((o.code for o in self._upwards(d) if o.level == level), None) for d in hit.divisions}
        return codes.pop() if len(codes) == 1 else None

    def _contested(self, hits: list[NameHit], level: str) -> bool:
        """Whether ``hits`` name two divisions of ``level``; what goes on with an address (秀英区海秀路) is no other."""
        ends = {h.end for h in hits}
        grades = ("exact", "alias") if level == "district" else ("exact",)
        named = [h for h in hits if h.grade in grades and (h.grade == "exact" or h.start not in ends)]
        return len({self._at(h, level) for h in named} - {None}) > 1

    def _turned_to(self, text: str, hits: list[NameHit], level: str) -> list[NameHit]:
        """Of ``hits`` those that agree with the last one that the text turns to; all when it turns to none."""
        turned = [code for h in hits if (code := self._at(h, level)) is not None and turns_to(text, h.start)]
        if not turned:
            return hits
        return [h for h in hits if self._at(h, level) in {None, turned[-1]}]

    @staticmethod
    def _shared(text: str, hit: NameHit) -> bool:
        """Whether other cities are likely to have a place of that name: 龙华区, and every street's (人民街道)."""
        return text[hit.start : hit.end] in _SHARED_DISTRICTS or any(d.level != "district" for d in hit.divisions)

    def _choose(self, hits: list[NameHit]) -> dict[str, tuple[GazetteerEntry, NameHit]]:
        """The division of each level: districts in full first, then streets and communities, each by sureness."""

        def rank(hit: NameHit) -> tuple[bool, int, int]:
            level = min((LEVELS[d.level] for d in hit.divisions), default=len(LEVELS))
            return hit.grade == "alias", level + _ORDER[hit.grade], hit.start

        chosen: dict[str, tuple[GazetteerEntry, NameHit]] = {}
        open_hits = sorted(hits, key=rank)
        for last_look in (False, True):  # what is shared by two divisions waits for the others to decide
            for hit in open_hits:
                fitting = [d for d in hit.divisions if self._consistent(d, chosen)]
                if len(fitting) > 1 and last_look:
                    parents = {d.parent for d in fitting}
                    fitting = [self.by_code[p] for p in parents if p in self.by_code] if len(parents) == 1 else []
                if len(fitting) == 1 and fitting[0].level not in chosen:
                    chosen[fitting[0].level] = (fitting[0], hit)
        return chosen

    def _consistent(self, division: GazetteerEntry, chosen: dict[str, tuple[GazetteerEntry, NameHit]]) -> bool:
        chain = self._chains[division.code]
        return all(o.code in chain or division.code in self._chains[o.code] for o, _ in chosen.values())

    def _in_other_town(self, text: str, hit: NameHit, ends: set[int]) -> bool:
        """Whether a town that is none of ours, nor sounds like the place's own, stands directly before ``hit``."""
        if hit.start in ends or any(d.level != "community" for d in hit.divisions):
            return False
        town = _TOWN_BEFORE.search(text[max(0, hit.start - 4) : hit.start])
        if town is None:
            return False
        said = {loose(syllable(c)) for c in town[1]}
        towns = [self.by_code[d.parent].name[:-1] for d in hit.divisions if d.parent in self.by_code]
        ours = {loose(syllable(c)) for name in towns for c in name}
        return not said & ours

    def _upwards(self, division: GazetteerEntry) -> list[GazetteerEntry]:
        chain = [division]
        while (parent := self.by_code.get(chain[-1].parent)) is not None:
            chain.append(parent)
        return chain

    @staticmethod
    def _address(text: str, said: list[NameHit], hits: list[NameHit]) -> Guess:
        """The words from the first named division to the road, number, compound and room that directly follow."""
        start, end = min(h.start for h in said), max(h.end for h in said)
        for hit in hits:
            if hit.start == end:
                end = hit.end
        return _address_guess(text, start, tail(text, end), min(0.7, *(_CONFIDENCE[h.grade] for h in said)))

    @staticmethod
    def _only_address(text: str, hits: list[NameHit], outside: Outside) -> list[Guess]:
        """The address of a place that no division is known of: a road through several, or one of no table."""
        if hits:
            return [_address_guess(text, hits[0].start, tail(text, hits[0].end), _ONLY_ADDRESS)]
        span = unnamed(text)
        if span is None or outside.covers(*span, shared=True):
            return []
        return [_address_guess(text, *span, _UNNAMED_ADDRESS)]


def _lowest(chosen: dict[str, tuple[GazetteerEntry, NameHit]]) -> GazetteerEntry:
    return max((division for division, _ in chosen.values()), key=lambda division: LEVELS[division.level])


def _address_guess(text: str, start: int, end: int, confidence: float) -> Guess:
    return Guess(path="place.address", value=text[start:end], source="rule", span=(start, end), confidence=confidence)


def _meant(text: str, hits: list[NameHit]) -> tuple[list[NameHit], list[NameHit], Relevance]:
    """Of ``hits`` those that the text is about, the administrations it names besides, and how far the former are."""
    sides: list[tuple[NameHit, Relevance]] = []
    for hit in hits:
        follows = sides and sides[-1][0].end == hit.start
        side = aside(text, hit.start, hit.end)
        if follows and side in {Relevance.NO, Relevance.HOME}:  # 不是龙华区金贸街道: one address
            side = sides[-1][1]
        elif follows and side is Relevance.OFFICE and sides[-1][1] in {Relevance.NO, Relevance.HOME}:
            sides[-1] = sides[-1][0], side
        sides.append((hit, side))
    if any(side is Relevance.HOME for _, side in sides) and not any(
        side is Relevance.NO and aimed_at(text, hit.start) for hit, side in sides
    ):
        sides = [(hit, Relevance.NO if side is Relevance.HOME else side) for hit, side in sides]
    nearest = min((side for _, side in sides), default=Relevance.YES)
    kept = [hit for hit, side in sides if side == nearest and side is not Relevance.YES]
    offices = [hit for hit, side in sides if side is Relevance.OFFICE and nearest is not Relevance.OFFICE]
    return kept, offices, nearest


def _read_divisions(path: Path) -> tuple[list[GazetteerEntry], list[str]]:
    divisions: list[GazetteerEntry] = []
    problems: list[str] = []
    if not path.exists():
        return divisions, problems
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            if row.get("level") not in LEVELS or not row.get("code") or not row.get("name"):
                problems.append(f"{path}:{number}: needs code, name and level district|street|community")
                continue
            divisions.append(GazetteerEntry(row["code"], row["name"], row["level"], row.get("parent") or ""))
    return divisions, problems


def _read_aliases(path: Path, codes: set[str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    rows: list[tuple[str, str, str]] = []
    problems: list[str] = []
    if not path.exists():
        return rows, problems
    seen: set[str] = set()
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            name, kind, code = ((row.get(key) or "").strip() for key in ("name", "kind", "code"))
            if not name or kind not in _ALIAS_KINDS:
                problems.append(f"{path}:{number}: needs name and kind {'|'.join(sorted(_ALIAS_KINDS))}")
            elif code not in codes:
                problems.append(f"{path}:{number}: code {code!r} of {name} is not in the gazetteer")
            elif name in seen:
                problems.append(f"{path}:{number}: {name} is there twice")
            else:
                seen.add(name)
                rows.append((name, kind, code))
    return rows, problems
