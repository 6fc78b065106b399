"""The trained models of an installation beside the rules: their opinions as guesses and candidates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gateway.domain.guess import Guess
from gateway.errors import ConfigError
from gateway.prefill.model import CARD, Model, load

PATHS = {
    "category": "demand.category",
    "type": "demand.type",
    "urgency": "demand.urgency",
    "unit": "handling.lead_unit",
}
"""The record's field for each target of a model."""
OFFERING = ("category", "unit")
CANDIDATES = 3
"""So many are offered."""


@dataclass(frozen=True, slots=True)
class TrainedModels:
    """At most one model for each target."""

    models: dict[str, Model]

    @classmethod
    def read(cls, folder: Path) -> TrainedModels:
        """Every model below ``folder``; no folder is no model. ``ConfigError`` names each one that is wrong."""
        models: dict[str, Model] = {}
        problems: list[str] = []
        for card in sorted(folder.glob(f"*/{CARD}")):
            try:
                model = load(card.parent)
            except ConfigError as error:
                problems += error.problems
                continue
            if model.card.target in models:
                problems.append(f"{card}: is a second model for {model.card.target}; keep one")
            models[model.card.target] = model
        if problems:
            raise ConfigError(problems)
        return cls(models)

    def opinions(self, content: str) -> list[Guess]:
        """Guesses for ``demand.content == content``; those for category and unit with what to offer beside them.

        A guess has no span: a linear model rests on the whole text.
        """
        guesses: list[Guess] = []
        for target, model in self.models.items():
            opinion = model.opinion(content)
            if opinion.label is None:
                continue
            guesses.append(
                Guess(
                    path=PATHS[target],
                    value=opinion.label,
                    source="model",
                    span=None,
                    confidence=opinion.confidence,
                    candidates=opinion.ranked[:CANDIDATES] if target in OFFERING else (),
                ),
            )
        return guesses
