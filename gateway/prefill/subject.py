"""Category, type, urgency and unit of a demand, by the taxonomy's words and the city's models together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from gateway.domain.guess import FILL_AT, Guess
from gateway.domain.words import DemandType
from gateway.prefill import category as categories
from gateway.prefill.category import CANDIDATES, CategoryReader
from gateway.prefill.demand_type import demand_type, usual_type
from gateway.prefill.taxonomy import TaxonomyNode
from gateway.prefill.trained import PATHS, TrainedModels
from gateway.prefill.urgency import urgency

UNIT_PATH = PATHS["unit"]
_UNIT_WORTH = 0.9
"""The default unit of a category is right less often than the category."""
_BRANCH = 4
_DOUBT = 0.3
"""How much of its confidence an opinion loses to one that is sure of something else."""
_AGREED = 0.5
_MOST = 0.97
_USUAL_FROM = 0.5
_DANGER_IS_HELP = 0.8
"""Confidence that a speaker who tells of a danger and declares no type wants help."""


class Subject:
    """Reads category, type, urgency and unit; made once, used for every reading."""

    def __init__(self, taxonomy: Mapping[str, TaxonomyNode], models: TrainedModels) -> None:
        """Know every row of ``taxonomy`` and what ``models`` (the city's own) think."""
        self._taxonomy = taxonomy
        self._reader = CategoryReader(taxonomy)
        self._models = models
        counts = Counter(row.names[-1] for row in taxonomy.values())
        self._by_name = {row.names[-1]: code for code, row in taxonomy.items() if counts[row.names[-1]] == 1}

    def read(self, content: str, on: date, names: Iterable[tuple[int, int]] = ()) -> list[Guess]:
        """At most one guess each for type, category, urgency and unit of a content with places at ``names``."""
        opinions = {guess.path: guess for guess in self._models.opinions(content)}
        category, row = self._category(self._reader.read(content, on, names), on, opinions.get(categories.PATH))
        kind = _surer(demand_type(content), opinions.get(PATHS["type"]))
        sure = category.confidence if category else 0.0
        if kind is None and row is not None and sure >= _USUAL_FROM:
            kind = usual_type(row.code)
        if category is not None and row is not None and kind is not None and kind.value == DemandType.PRAISE:
            category = replace(category, value=self._reader.record(row.code[:_BRANCH], on))  # leaves name what is wrong
        how = urgency(content, kind.value if kind else None, row, sure)
        if how is None or how.value["level"] != "urgent":  # words for a danger count, whatever a model learnt
            how = _surer(how, opinions.get(PATHS["urgency"]))
        elif kind is None:
            sure = min(how.confidence, _DANGER_IS_HELP)
            kind = replace(how, path=PATHS["type"], value=DemandType.HELP.value, confidence=sure)
        unit = _together(self._unit(category), opinions.get(UNIT_PATH), same=str.__eq__)
        return [guess for guess in (kind, category, how, unit) if guess is not None]

    def _category(
        self, ruled: Guess | None, on: date, opinion: Guess | None
    ) -> tuple[Guess | None, TaxonomyNode | None]:
        """The category, and its row when it has one."""
        code = ruled.value["code"] if ruled else None
        coded = replace(ruled, value=code) if ruled else None
        learnt = self._in_codes(opinion)
        best = _together(coded, learnt, same=_kin)
        if best is None:
            return None, None
        row = self._taxonomy.get(best.value)
        if row is None:  # a label of the city's own: the record keeps it as it is
            return replace(best, value={"code": best.value}), self._taxonomy.get(code) if code else None
        deepest = code if code and code.startswith(best.value) else best.value
        return replace(best, value=self._reader.record(deepest, on)), self._taxonomy[deepest]

    def _in_codes(self, opinion: Guess | None) -> Guess | None:
        """A model's opinion with codes for names that are those of one row; other labels stay."""
        if opinion is None:
            return None
        names = self._by_name
        offered = tuple((names.get(label, label), sure) for label, sure in opinion.candidates)
        return replace(opinion, value=names.get(opinion.value, opinion.value), candidates=offered)

    def _unit(self, category: Guess | None) -> Guess | None:
        """The default unit of ``category``, and those of what else it may be."""
        if category is None:
            return None
        offers: dict[str, float] = {}
        chosen = ((category.value["code"], category.confidence),)
        for code, sure in (*chosen, *category.candidates):
            row = self._taxonomy.get(code)
            if row is not None:
                offers[row.unit] = max(offers.get(row.unit, 0.0), round(sure * _UNIT_WORTH, 2))
        if not offers:
            return None
        first = next(iter(offers))
        return Guess(
            path=UNIT_PATH,
            value=first,
            source=category.source,
            span=category.span,
            confidence=offers[first],
            candidates=_likeliest(offers.items()),
        )


def _together(ruled: Guess | None, learnt: Guess | None, *, same: Any) -> Guess | None:
    """One guess of two: agreeing raises confidence; else the model wins where it is sure, and each lowers the other."""
    if ruled is None or learnt is None:
        return learnt or ruled
    offers = dict(ruled.candidates)
    for label, sure in learnt.candidates:
        offers[label] = max(sure, offers.get(label, 0.0))
    candidates = _likeliest(offers.items())
    high, low = sorted((ruled.confidence, learnt.confidence), reverse=True)
    if same(ruled.value, learnt.value):
        surer = min(_MOST, high + _AGREED * (1 - high) * low)
        deeper = max(ruled.value, learnt.value, key=len)
        return replace(learnt, value=deeper, span=ruled.span, confidence=round(surer, 4), candidates=candidates)
    best, other = (learnt, ruled) if learnt.confidence >= FILL_AT else (ruled, learnt)
    return replace(best, confidence=round(best.confidence * (1 - _DOUBT * other.confidence), 4), candidates=candidates)


def _kin(one: str, other: str) -> bool:
    """Whether two codes lie in one branch."""
    return one.startswith(other[:_BRANCH]) or other.startswith(one[:_BRANCH])


def _likeliest(offers: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(offers, key=lambda offer: -offer[1])[:CANDIDATES])


def _surer(one: Guess | None, other: Guess | None) -> Guess | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda guess: guess.confidence)
