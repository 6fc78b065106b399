"""Corrects mis-heard words by the domain's words of the same sound, as a second layer of the text.

The recogniser's own text stays as it is. A correction replaces syllable by syllable, so that spans in the corrected
text are spans in what was heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gateway.domain.case.directory import Unit
from gateway.domain.guess import Guess
from gateway.prefill.names import GazetteerEntry, spoken_names
from gateway.prefill.place import Gazetteer
from gateway.prefill.syllables import Sounds, syllable
from gateway.prefill.taxonomy import TaxonomyNode

LEAST = 3
"""Words of fewer syllables are never put in: half the language sounds like them."""
LONGEST = 12
_TERM_LEAST = 4
"""Words that are no names need so many syllables, and every one of them right."""
CAP = 0.8
"""The most confidence of a field that rests on a corrected word."""
_WHOLE = frozenset({"demand.content", "demand.title"})
"""Texts as a whole: that one of their words was put right says little about them."""
_PARTICLES = frozenset("的了地得啊吧呢吗")
_KINDS = frozenset("路街道巷镇乡区岛城")
"""Last characters of names of roads and divisions: the part that may be misheard in a near name."""
_NUMERALS = frozenset("一二三四五六七八九十百千两零")
_COUNTED = frozenset("中小号楼栋幢单层路街巷队组里大附院点个")
"""After a numeral that sounds like 区 these make it a numeral: 琼山七中."""
_VILLAGE = "community"


@dataclass(frozen=True, slots=True)
class Correction:
    """``heard[start:end]`` should read ``word``. ``grade``: same, like (sounds alike) or near (one syllable is off)."""

    start: int
    end: int
    word: str
    grade: str


class Hearing:
    """A city's names and words by their sound."""

    def __init__(self, divisions: Iterable[GazetteerEntry], names: Iterable[str], terms: Iterable[str]) -> None:
        """Know ``divisions``, ``names`` of other places, and ``terms``: everything else that tickets are about.

        Every county has a 新合村: villages and communities are put right only beside another name.
        """
        self._sounds = Sounds()
        self._trust: dict[str, str] = {}
        self._heard: dict[str, list[str]] = {}
        self._begun: dict[str, list[str]] = {}
        for division in divisions:
            for name in sorted(spoken_names(division)):
                self._add(name, _VILLAGE if division.level == _VILLAGE else "name")
        for name in names:
            self._add(name, "name")
        for term in terms:
            self._add(term, "term")
        self._lengths = sorted({len(word) for word in self._trust}, reverse=True)

    @classmethod
    def of(cls, gazetteer: Gazetteer, units: Iterable[Unit], taxonomy: Iterable[TaxonomyNode]) -> Hearing:
        """The words of ``gazetteer``, ``units`` and ``taxonomy``."""
        terms = [unit.name_zh for unit in units]
        terms += [word for node in taxonomy for word in (*node.names, *node.keywords)]
        return cls(gazetteer.by_code.values(), gazetteer.aliases, terms)

    def _add(self, word: str, trust: str) -> None:
        if not LEAST <= len(word) <= LONGEST or not all(map(_chinese, word)) or word in self._trust:
            return
        self._trust[word] = trust
        for sound in {self._sounds.of(word)} if trust == "term" else self._sounds.of_name(word):
            self._heard.setdefault(sound, []).append(word)
            if trust == "name" and len(word) > LEAST and word[-1] in _KINDS:
                self._begun.setdefault(sound[:-1], []).append(word)

    def corrections(self, heard: str) -> list[Correction]:
        """What to put right in ``heard``, in its order; none overlap, none touch a known word that is there."""
        taken = bytearray(len(heard))
        for start, end in self._written(heard):
            taken[start:end] = b"\x01" * (end - start)
        sound = self._sounds.of(heard)
        found: list[Correction] = []
        waiting: list[Correction] = []
        for start in range(len(heard)):
            for correction, sure in self._at(heard, sound, start, taken):
                if not sure:
                    waiting.append(correction)
                    continue
                taken[start : correction.end] = b"\x01" * (correction.end - start)
                found.append(correction)
                break
        for c in waiting:
            beside = any(taken[at] for at in (c.start - 1, c.end) if 0 <= at < len(heard))
            if beside and not any(taken[c.start : c.end]):
                taken[c.start : c.end] = b"\x01" * (c.end - c.start)
                found.append(c)
        return sorted(found, key=lambda c: c.start)

    def corrected(self, heard: str) -> str | None:
        """``heard`` with what was mis-heard put right; None when there is nothing to do."""
        text = heard
        for c in self.corrections(heard):
            text = text[: c.start] + c.word + text[c.end :]
        return None if text == heard else text

    def _written(self, heard: str) -> Iterator[tuple[int, int]]:
        for start in range(len(heard)):
            for length in self._lengths:
                end = start + length
                if end <= len(heard) and heard[start:end] in self._trust:
                    yield start, end
                    break

    def _at(self, heard: str, sound: str, start: int, taken: bytearray) -> Iterator[tuple[Correction, bool]]:
        """What may stand at ``start``, longest first, and whether it needs no neighbour to bear it out."""
        for length in self._lengths:
            end = start + length
            if end > len(heard) or any(taken[start:end]):
                continue
            run, after = heard[start:end], heard[end : end + 1]
            for word in sorted(self._heard.get(sound[start:end], ()), key=lambda w: -_alike(w, run)):
                if (judged := _judge(word, run, after, self._trust[word])) is not None:
                    yield Correction(start, end, word, judged[0]), judged[1]
            begun = [w for w in self._begun.get(sound[start : end - 1], ()) if _nearly(w, run)]
            if len(begun) == 1:
                yield Correction(start, end, begun[0], "near"), True


def less_sure(guesses: Iterable[Guess], corrections: Iterable[Correction]) -> Iterator[Guess]:
    """``guesses`` on a corrected text: what rests on a word that was put right is not as sure as what was heard."""
    found = list(corrections)
    for guess in guesses:
        capped = guess.confidence > CAP and any(_rests_on(guess, c) for c in found)
        yield replace(guess, confidence=CAP) if capped else guess


def differences(heard: str, corrected: str, *, at: int = 0) -> list[Correction]:
    """The runs in which a text differs from what was heard, at ``at`` in the whole; a rewritten text has none."""
    if len(heard) != len(corrected):
        return []
    odd = {n for n, (a, b) in enumerate(zip(heard, corrected, strict=True)) if a != b}
    starts, ends = sorted(odd - {n + 1 for n in odd}), sorted({n + 1 for n in odd} - odd)
    return [Correction(at + a, at + b, corrected[a:b], "like") for a, b in zip(starts, ends, strict=True)]


def _rests_on(guess: Guess, correction: Correction) -> bool:
    span = guess.span
    return span is not None and guess.path not in _WHOLE and span[0] < correction.end and correction.start < span[1]


def _chinese(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _alike(word: str, run: str) -> int:
    return sum(a == b for a, b in zip(word, run, strict=True))


def _judge(word: str, run: str, after: str, trust: str) -> tuple[str, bool] | None:
    """The grade of a run whose syllables are all alike, and whether it stands by itself; None: leave it."""
    alike, length = _alike(word, run), len(run)
    odd = {r for w, r in zip(word, run, strict=True) if w != r}
    if not odd or (odd <= _NUMERALS and after in _COUNTED):
        return None
    same = all(syllable(a) == syllable(b) for a, b in zip(word, run, strict=True))
    if trust == "term":
        return ("same", True) if same and length >= _TERM_LEAST else None
    if not alike:
        return None
    sure = trust == "name" and (2 * alike >= length or (same and length > LEAST))
    return "same" if same else "like", sure


def _nearly(word: str, run: str) -> bool:
    """Whether only the end of a road's or division's name is off, and begins as it should."""
    if run[-1] in _PARTICLES and (run[:-1] != word[:-1] or run[-2] in _KINDS):
        return False
    if 2 * _alike(word, run) < len(run) or any(
        syllable(w) != syllable(r) for w, r in zip(word[:-1], run, strict=False)
    ):
        return False
    return _chinese(run[-1]) and run[-1] not in _KINDS | _NUMERALS and syllable(run[-1])[0] == syllable(word[-1])[0]
