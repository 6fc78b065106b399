"""The names under which a city's places are found in text, by their characters and by their sound."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.prefill.latin import LatinNames
from gateway.prefill.syllables import Sounds, syllable

LEVELS = {"district": 1, "street": 2, "community": 3}
_MIN_HEARD = 3
"""Names of fewer syllables are found by characters only: too much else sounds like them."""
_ENOUGH_SAME, _ENOUGH_LIKE = 0.3, 0.5
"""The share of a name's characters that has to be right, when all syllables are right and when they are only alike."""
_COMMUNITY = re.compile(r"(?:社区)?(?:居民委员会|村民委员会|居委会|村委会|村?委员会?|居)$|社区$")
_TOWN = re.compile(r"(.{2,4})(街道|镇)")
_OPEN_BEFORE = re.compile(
    r"(?:^|[，。！？、；：,.!?\s在到去住来从是或者]|海口|[市区省家]|位于|可能|也许|大概|好像|或许)$"
)
_OPEN_AFTER = re.compile(
    r"$|[，。！？、；：,.!?\s这那的里附有没上下人周边旁我或也又吧吗呢]|还是|就[是在]|了(?:$|[，。！？,.!?])|不对"
    r"|我?[说记搞弄]?错了"
)

_OTHER_WORD = re.compile(r"晚[上饭点会间餐霞安]|完[全了成整后]|万[达一元多块绿宁]|弯[道腰]|玩(?![这那附旁路边])")
"""From the last character of what sounds like a name: a word of its own (海口|晚上), not the end of 海口湾."""


@dataclass(frozen=True, slots=True)
class GazetteerEntry:
    """One row of the gazetteer."""

    code: str
    name: str
    level: str
    parent: str


@dataclass(frozen=True, slots=True)
class NameHit:
    """A name found in a text. ``grade``: exact, alias, same (sounds the same), like (sounds alike) or bare.

    Bare is a street without its kind (凤翔), or a district in Latin letters (Longhua), which by itself may be any word.
    """

    start: int
    end: int
    divisions: tuple[GazetteerEntry, ...]
    grade: str


class _Index:
    """Longest match of many names at once: per first two characters, the lengths worth trying."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self._lengths: dict[str, list[int]] = {}

    def add(self, key: str, name: str) -> None:
        self.names.setdefault(key, []).append(name)
        lengths = self._lengths.setdefault(key[:2], [])
        if len(key) not in lengths:
            lengths.append(len(key))
            lengths.sort(reverse=True)

    def at(self, text: str, position: int) -> Iterable[tuple[int, list[str]]]:
        """(end, names) of every name at ``position``, longest first."""
        for length in self._lengths.get(text[position : position + 2], ()):
            said = text[position : position + length]
            if len(said) == length and (found := self.names.get(said)) is not None:
                yield position + length, found


def spoken_names(division: GazetteerEntry) -> set[str]:
    """How people say ``division``: in full; a community also as X社区, X村, X居委会, X村委会."""
    if division.level != "community":
        return {division.name}
    stem = _COMMUNITY.sub("", division.name) or division.name
    said = {division.name, *(f"{stem}{kind}" for kind in ("社区", "村", "居委会", "村委会"))}
    return said | {stem} if stem.endswith("村") else said


def loose_names(division: GazetteerEntry) -> set[str]:
    """What people also call ``division``, where nothing else is called so: 金贸街, 府城镇, 三门镇, 荣山寮."""
    if division.level == "community":
        stem = _COMMUNITY.sub("", division.name)
        return {stem} if len(stem) >= _MIN_HEARD else set()
    town = _TOWN.fullmatch(division.name)
    if town is None:
        return set()
    stem, kind = town.groups()
    said = {f"{stem}街道", f"{stem}街", f"{stem}镇", f"{stem}墟"}
    if len(stem) >= _MIN_HEARD:  # one syllable gets lost
        said |= {f"{stem[:n]}{stem[n + 1 :]}{kind}" for n in range(len(stem))}
    return said - {division.name}


def bare_names(division: GazetteerEntry) -> set[str]:
    """Two characters that name a street or town only beside another place: 府城或者凤翔."""
    town = _TOWN.fullmatch(division.name) if division.level == "street" else None
    return {town[1]} if town is not None and len(town[1]) < _MIN_HEARD else set()


class PlaceNames:
    """All names of a city's divisions and aliases."""

    def __init__(
        self, divisions: Iterable[GazetteerEntry], aliases: Iterable[tuple[str, str, GazetteerEntry | None]]
    ) -> None:
        """Index ``divisions`` and ``aliases`` (name, kind, division; None: known, but lies in several districts)."""
        self._sounds = Sounds()
        self._written, self._heard, self._latin = _Index(), _Index(), LatinNames()
        self._divisions: dict[str, list[GazetteerEntry]] = {}
        self._alias: dict[str, str] = {}
        known = list(divisions)
        for division in known:
            for name in spoken_names(division):
                self._add(name, division)
            if division.level == "district":
                self._latin.add_bare(division.name)
        for name, kind, place in aliases:
            self._alias.setdefault(name, kind)
            self._add(name, place)
        for kind, names_of in (("short", loose_names), ("bare", bare_names)):
            loosely: dict[str, list[GazetteerEntry]] = {}
            for division in known:
                for name in names_of(division):
                    loosely.setdefault(name, []).append(division)
            for name, places in loosely.items():
                if name not in self._divisions:
                    self._alias[name] = kind
                    self._divisions[name] = places
                    self._written.add(name, name)

    def _add(self, name: str, division: GazetteerEntry | None) -> None:
        known = self._divisions.get(name)
        if known is None:
            known = self._divisions[name] = []
            self._written.add(name, name)
            self._latin.add(name)
            if len(name) >= _MIN_HEARD:
                for sound in self._sounds.of_name(name):
                    self._heard.add(sound, name)
        if division is not None and division not in known:
            known.append(division)

    def find(self, text: str) -> list[NameHit]:
        """Every name in ``text``, longest first, no two overlapping; what is written goes before what sounds alike."""
        hits: list[NameHit] = []
        taken = bytearray(len(text))
        position = 0
        while position < len(text):
            end = self._written_at(text, position, hits)
            taken[position:end] = b"\x01" * (end - position)
            position = max(end, position + 1)
        sound = self._sounds.of(text)
        position = 0
        while position < len(text):
            end = self._heard_at(text, sound, position, taken, hits)
            position = max(end, position + 1)
        for start, end, name, bare in self._latin.find(text):
            grade = "bare" if bare else "alias" if name in self._alias else "exact"
            hits.append(NameHit(start, end, tuple(self._divisions[name]), grade))
        return sorted(hits, key=lambda h: h.start)

    def _written_at(self, text: str, start: int, hits: list[NameHit]) -> int:
        for end, (name, *_) in self._written.at(text, start):
            kind = self._alias.get(name)
            if kind in {"short", "bare"} and not (
                _OPEN_BEFORE.search(text[max(0, start - 2) : start]) and _OPEN_AFTER.match(text, end)
            ):
                continue
            grade = "bare" if kind == "bare" else "alias" if kind else "exact"
            hits.append(NameHit(start, end, tuple(self._divisions[name]), grade))
            return end
        return start

    def _heard_at(self, text: str, sound: str, start: int, taken: bytearray, hits: list[NameHit]) -> int:
        for end, names in self._heard.at(sound, start):
            if any(taken[start:end]):
                continue
            if _OTHER_WORD.match(text, end - 1):
                continue
            said = text[start:end]
            alike = {n: sum(a == b for a, b in zip(n, said, strict=True)) for n in names}
            best = max(alike.values())
            kept = [n for n, score in alike.items() if score == best]
            same = all(syllable(a) == syllable(b) for a, b in zip(kept[0], said, strict=True))
            enough = _ENOUGH_SAME if same else _ENOUGH_LIKE
            if best < enough * len(said) or (said[0] == "穷" and text[start - 1 : start] == "贫"):
                continue
            divisions = tuple(dict.fromkeys(d for n in kept for d in self._divisions[n]))
            hits.append(NameHit(start, end, divisions, "same" if same else "like"))
            return end
        return start
