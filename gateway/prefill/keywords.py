"""Where the keywords of a taxonomy occur in a text: as written, as heard, and two words near each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from gateway.prefill.denial import denied_spans, touches
from gateway.prefill.syllables import Sounds, syllable

NEAR = 14
"""Between the two words of ``A+B`` lie at most so many characters; three times as many in English."""
_WEIGHTS = (0.0, 0.35, 0.8, 1.2, 1.5, 1.7)
"""What a Chinese word of so many characters says; longer ones say no more."""
_ENGLISH_WEIGHTS = (0.0, 0.8, 1.3, 1.6)
"""The same by words."""
_TOGETHER = 0.25
"""Two words near each other say more than the two alone."""
_HEARD = (0.25, 0.5)
"""What a word of two characters is worth by its sound alone, and with one character right."""
_HEARD_LONG, _HEARD_SPREAD = 0.6, 0.35
_LATIN = re.compile(r"[a-z0-9]+")
_PAIR = 2
_SPOTS = 12
"""So many places of a word are looked at: the first ones, people say first what it is about."""
_ENDINGS = ("ing", "ed", "es", "s")
_MIN_STEM = 3


@dataclass(frozen=True, slots=True)
class KeywordHit:
    """A keyword of ``code`` between ``start`` and ``end``; ``weight`` grows with what it says."""

    code: str
    start: int
    end: int
    weight: float
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Keyword:
    code: str
    parts: tuple[str, ...]
    weight: float


Spot = tuple[int, int, float]
"""Start, end and how well it was heard."""


class Keywords:
    """Finds the keywords of many codes in one pass; time grows with the text, not with the number of keywords."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        """Keywords by code."""
        self._sounds = Sounds()
        by_word: dict[str, set[str]] = defaultdict(set)
        for code, own in words.items():
            for word in own:
                by_word[word.lower()].add(code)
        self._of_part: dict[str, list[_Keyword]] = defaultdict(list)
        for word, codes in by_word.items():
            parts = tuple(_stemmed(part.replace("_", " ").strip()) for part in word.split("+"))
            weight = sum(map(_weight, parts)) + _TOGETHER * (len(parts) - 1)
            for code in sorted(codes):
                keyword = _Keyword(code, parts, weight / len(codes) ** 0.7)
                for part in parts:
                    self._of_part[part].append(keyword)
        chinese = [part for part in self._of_part if not part.isascii()]
        self._written = _by_first((part, part) for part in chinese)
        self._heard = _by_first((s, part) for part in chinese if len(part) >= _PAIR for s in self._sounds.of_name(part))
        self._longest_english = max((part.count(" ") + 1 for part in self._of_part if part.isascii()), default=0)

    def find(self, text: str, names: Iterable[tuple[int, int]] = ()) -> list[KeywordHit]:
        """Every keyword in ``text``, once for each code: where it is best heard, else where it comes first.

        Within ``names`` (spans of what is known to be one) nothing is taken for mis-heard: 海甸岛人 is no 电到人.
        A wrong that is denied is not found: who says "没有人打架" does not speak of a fight.
        """
        lower = text.lower()
        if len(lower) != len(text):
            lower = text
        denied = denied_spans(lower)
        spots: dict[str, list[Spot]] = defaultdict(list)
        for part, spot in (*self._as_written(lower), *self._as_heard(lower, names), *self._as_english(lower)):
            if not touches(spot[:2], denied) and len(spots[part]) < _SPOTS:
                spots[part].append(spot)
        return [hit for part in spots for keyword in self._of_part[part] if (hit := _hit(keyword, part, spots))]

    def _as_written(self, text: str) -> Iterator[tuple[str, Spot]]:
        for start, first in enumerate(text):
            for size, parts in self._written.get(first, ()):
                if (part := text[start : start + size]) in parts:
                    yield part, (start, start + size, 1.0)

    def _as_heard(self, text: str, names: Iterable[tuple[int, int]]) -> Iterator[tuple[str, Spot]]:
        sound = self._sounds.of(text)
        for first_known, last_known in names:
            sound = sound[:first_known] + "\0" * (last_known - first_known) + sound[last_known:]
        for start, first in enumerate(sound):
            for size, parts in self._heard.get(first, ()):
                for part in parts.get(sound[start : start + size], ()):
                    said = text[start : start + size]
                    if said != part and (worth := _likeness(said, part)):
                        yield part, (start, start + size, worth)

    def _as_english(self, text: str) -> Iterator[tuple[str, Spot]]:
        words = [(_stem(m.group()), m.start(), m.end()) for m in _LATIN.finditer(text)]
        for n in range(len(words)):
            for size in range(1, min(self._longest_english, len(words) - n) + 1):
                run = words[n : n + size]
                part = " ".join(word for word, _, _ in run)
                if part in self._of_part:
                    yield part, (run[0][1], run[-1][2], 1.0)


def _hit(keyword: _Keyword, part: str, spots: Mapping[str, list[Spot]]) -> KeywordHit | None:
    """The best place of ``keyword``; looked at from its first part only."""
    if part != keyword.parts[0]:
        return None
    if len(keyword.parts) == 1:
        start, end, worth = max(spots[part], key=lambda spot: spot[2])
        return KeywordHit(keyword.code, start, end, keyword.weight * worth, ((start, end),))
    pieces = _nearest([spots.get(part, []) for part in keyword.parts], NEAR * (3 if part.isascii() else 1))
    if pieces is None:
        return None
    worth = sum(piece[2] for piece in pieces) / len(pieces)
    start, end = min(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
    return KeywordHit(keyword.code, start, end, keyword.weight * worth, tuple((a, b) for a, b, _ in pieces))


def _nearest(columns: list[list[Spot]], near: int) -> tuple[Spot, ...] | None:
    """One spot of each column, each near the one before without touching it; a spot is compared with its neighbours."""
    best: tuple[Spot, ...] | None = None
    if not all(columns):
        return None
    chains: list[tuple[Spot, ...]] = [(spot,) for spot in columns[0]]
    for column in columns[1:]:
        chains = [(*chain, spot) for chain in chains for spot in column if 0 <= _gap(chain[-1], spot) <= near]
    for chain in chains:
        if best is None or _spread(chain) < _spread(best):
            best = chain
    return best


def _spread(chain: tuple[Spot, ...]) -> float:
    return sum(_gap(a, b) for a, b in pairwise(chain)) - NEAR * sum(worth for _, _, worth in chain)


def _gap(one: Spot, other: Spot) -> int:
    """Characters between two spots; negative when they touch one another."""
    return max(other[0] - one[1], one[0] - other[1])


def _weight(part: str) -> float:
    if part.isascii():
        return _ENGLISH_WEIGHTS[min(part.count(" ") + 1, len(_ENGLISH_WEIGHTS) - 1)]
    return _WEIGHTS[min(len(part), len(_WEIGHTS) - 1)]


def _likeness(said: str, part: str) -> float:
    """How much a word heard as ``said`` is worth for ``part``; 0 when two characters only sound vaguely alike."""
    same = sum(a == b for a, b in zip(said, part, strict=True))
    if len(part) > _PAIR:
        return _HEARD_LONG + _HEARD_SPREAD * same / len(part)
    if not same and any(syllable(a) != syllable(b) for a, b in zip(said, part, strict=True)):
        return 0.0
    return _HEARD[same]


def _stemmed(part: str) -> str:
    return " ".join(map(_stem, part.split(" "))) if part.isascii() else part


def _stem(word: str) -> str:
    """An English word without its ending, so that lamps, leaking and closed are found as lamp, leak and close."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_STEM:
            word = word[: -len(ending)]
            break
    return word.removesuffix("e")


def _by_first(named: Iterable[tuple[str, str]]) -> dict[str, list[tuple[int, dict[str, list[str]]]]]:
    """By first symbol: lengths with what begins so and is so long."""
    found: dict[str, dict[int, dict[str, list[str]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for name, part in named:
        found[name[0]][len(name)][name].append(part)
    return {first: sorted((n, dict(of)) for n, of in sizes.items()) for first, sizes in found.items()}
