"""The category of a demand by the taxonomy's own keywords, also where no model was trained."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any

from gateway.domain.guess import FILL_AT, Guess
from gateway.prefill.keywords import KeywordHit, Keywords
from gateway.prefill.taxonomy import TaxonomyNode, version

PATH = "demand.category"
READ_CHARS = 3000
"""Of a longer text only this beginning is looked at: what a person wants is said by then."""
CANDIDATES = 3
_LEVEL_DIGITS = 2
_TOPIC, _BRANCH, _LEAF = 2, 4, 6
"""Digits of a code of the first, second and third level."""
_MEANINGFUL = 4
"""Names of so many characters are keywords too."""
_LEAF_EVIDENCE, _CLEAR = 0.7, 1.3
"""A fourth level is taken on so much evidence of its own, and so many times that of its sister."""
_LEVEL_WEIGHT = {2: 0.5, 4: 0.8}
"""General words say less than what is wrong."""
_ENOUGH = 0.65
"""Evidence of this weight is worth 1 - 1/e."""
_RIVALRY = 2.5
"""How fast a stronger answer pushes out a weaker one."""
_MOST = 0.97
_PLACE_AFTER = re.compile(
    r"(?:的)?(?:门口|旁边?|附近|对面|后面|前面|路口|楼下|隔壁|边上|这边|那边|斜对面|站[AB]?口|路|街)"
)
_PLACE_WORTH = 0.3
"""Weight of a keyword that is part of a place: "by the hospital" says where, not what."""
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")
_DENIED = re.compile(r"(?<!是)(?:不是|并非|不属于)[^，。,.!?！？；;]{0,2}$")
_DENIED_WORTH = 0.2
_DENIAL_CHARS = 6
_INNER_WORTH = 0.4
_LATER = ((40, 1.1), (100, 1.0), (300, 0.8))
_LATE_WORTH = 0.6
"""People open with what they want: what comes later says less."""


@dataclass(frozen=True, slots=True)
class _Scored:
    """A node of the taxonomy, the weight of what speaks for it, and its strongest evidence."""

    code: str
    score: float
    best: KeywordHit


class CategoryReader:
    """Guesses categories by keywords; made once, used for every reading."""

    def __init__(self, taxonomy: Mapping[str, TaxonomyNode]) -> None:
        """Know every row of ``taxonomy``."""
        self._taxonomy = taxonomy
        self._keywords = Keywords({code: (*row.keywords, *_name(row)) for code, row in taxonomy.items()})
        self._counting = lru_cache(maxsize=4)(self._counting_on)

    def read(self, content: str, on: date, names: Iterable[tuple[int, int]] = ()) -> Guess | None:
        """The category of ``demand.content == content`` with what else it may be; None when nothing speaks for any.

        ``names`` are the spans of places in it.

        Its confidence is below ``FILL_AT`` when the evidence is weak or speaks for several; when it only leaves open
        which one of a branch it is, the branch itself is the answer.
        """
        codes, _ = self._counting(on)
        text = content[:READ_CHARS]
        found = self._keywords.find(text, names)
        hits = [_placed(text, hit) for hit in found if hit.code in codes and _in_one_sentence(text, hit)]
        by_code: dict[str, list[KeywordHit]] = defaultdict(list)
        for hit in _without_inner(hits):
            by_code[hit.code].append(hit)
        if not by_code:
            return None
        leaves = _rivals(by_code, _LEAF)
        wider = (_rivals(by_code, digits)[0] for digits in (_BRANCH, _TOPIC))
        chosen, sure = next((answer for answer in chain(leaves[:1], wider) if answer[1] >= FILL_AT), leaves[0])
        return Guess(
            path=PATH,
            value=self.record(_deepest(chosen.code, by_code), on),
            source="rule",
            span=(chosen.best.start, chosen.best.end),
            confidence=sure,
            candidates=tuple((node.code, confidence) for node, confidence in leaves[:CANDIDATES]),
        )

    def record(self, code: str, on: date) -> dict[str, Any]:
        """``demand.category`` for a code of the taxonomy."""
        levels = {f"l{n}": name for n, name in enumerate(self._taxonomy[code].names, start=1)}
        return {"code": code, **levels, "taxonomy_version": self._counting(on)[1]}

    def _counting_on(self, day: date) -> tuple[frozenset[str], str | None]:
        rows = self._taxonomy
        return frozenset(code for code, row in rows.items() if row.counts_on(day)), version(rows, day)


def _name(row: TaxonomyNode) -> tuple[str, ...]:
    """The row's own name, where it is long enough to mean something by itself."""
    name = row.names[-1]
    return (name,) if len(name) >= _MEANINGFUL and len(row.names) > 1 and name not in row.keywords else ()


def _rivals(by_code: Mapping[str, list[KeywordHit]], digits: int) -> list[tuple[_Scored, float]]:
    """The nodes of at most ``digits`` that something speaks for, each with its confidence, surest first.

    What is said of a node speaks for all below it, and what is said of those below for it; a node above another one
    is no rival of it.
    """
    below: dict[str, set[str]] = defaultdict(set)
    for code in by_code:
        below[code[:digits]].add(code)
    nodes = [code for code in below if not any(other != code and other.startswith(code) for other in below)]
    scored = [_scored(code, below[code], by_code) for code in nodes]
    whole = sum(node.score**_RIVALRY for node in scored)
    ranked = [(node, _confidence(node.score, node.score**_RIVALRY / whole)) for node in scored]
    return sorted(ranked, key=lambda pair: (-pair[1], pair[0].best.start, pair[0].code))


def _scored(code: str, below: Iterable[str], by_code: Mapping[str, list[KeywordHit]]) -> _Scored:
    """What speaks for ``code``: its best line from the root, no place of the text counted twice."""
    best: _Scored | None = None
    for end in below:
        line = [h for n in range(_TOPIC, len(end) + 1, _LEVEL_DIGITS) for h in by_code.get(end[:n], ())]
        line.sort(key=lambda hit: -_worth(hit))
        taken: list[tuple[int, int]] = []
        score = 0.0
        for hit in line:
            free = [p for p in hit.pieces if not any(p[0] < b and a < p[1] for a, b in taken)]
            score += _worth(hit) * len(free) / len(hit.pieces)
            taken += free
        if best is None or score > best.score:
            best = _Scored(code, score, max(line, key=lambda hit: (len(hit.code), _worth(hit))))
    if best is None:
        raise ValueError(code)
    return best


def _worth(hit: KeywordHit) -> float:
    return hit.weight * _LEVEL_WEIGHT.get(len(hit.code), 1.0)


def _confidence(score: float, share: float) -> float:
    return round(min(_MOST, (1 - math.exp(-score / _ENOUGH)) * share), 2)


def _deepest(code: str, by_code: Mapping[str, list[KeywordHit]]) -> str:
    """``code``, or the one leaf below it that has evidence of its own."""
    below = sorted(
        ((max(_worth(h) for h in hits), c) for c, hits in by_code.items() if c != code and c.startswith(code)),
        reverse=True,
    )
    if len(code) < _LEAF or not below or below[0][0] < _LEAF_EVIDENCE:
        return code
    clear = len(below) == 1 or below[0][0] > below[1][0] * _CLEAR
    return below[0][1] if clear else code


def _in_one_sentence(text: str, hit: KeywordHit) -> bool:
    return len(hit.pieces) == 1 or not _SENTENCE_END.search(text, hit.start, hit.end)


def _placed(text: str, hit: KeywordHit) -> KeywordHit:
    """``hit`` by where it stands: words for a place, denied ones and late ones say less."""
    worth = next((w for limit, w in _LATER if hit.start < limit), _LATE_WORTH)
    if len(hit.pieces) == 1 and _PLACE_AFTER.match(text, hit.end):
        worth *= _PLACE_WORTH
    if _DENIED.search(text, max(0, hit.start - _DENIAL_CHARS), hit.start):
        worth *= _DENIED_WORTH
    return replace(hit, weight=hit.weight * worth)


def _without_inner(hits: list[KeywordHit]) -> list[KeywordHit]:
    """Words that are only part of a longer word of another branch say little: the longest is what was meant."""
    whole = [hit for hit in hits if len(hit.pieces) == 1]
    return [
        replace(hit, weight=hit.weight * _INNER_WORTH) if any(_inside(hit, other) for other in whole) else hit
        for hit in hits
    ]


def _inside(hit: KeywordHit, other: KeywordHit) -> bool:
    longer = other.end - other.start > hit.end - hit.start
    return longer and other.start <= hit.start and hit.end <= other.end and not _kin(hit.code, other.code)


def _kin(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
