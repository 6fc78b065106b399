"""The trained models of an installation beside the rules: their answers as guesses and candidates.

A model that is put into the folder, replaced or taken away counts within seconds, without a restart. One that is
wrong is told in the log, and the one before it stays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.domain.guess import Guess
from gateway.errors import ConfigError
from gateway.prefill.model import CARD, Model, load
from gateway.telemetry import log

_log = log.get("prefill")
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


LOOK_EVERY_S = 3.0
"""So often, at most, a reading makes us look whether the files have changed."""

Stamp = tuple[int, int, int]


class TrainedModels:
    """At most one model for each target."""

    def __init__(
        self, models: Mapping[str, Model], folder: Path | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Answer by ``models``; with a ``folder``, by what comes to lie there. ``now`` tells seconds."""
        self.models: Mapping[str, Model] = dict(models)
        self._folder = folder
        self._now = now
        self._next_look = now() + LOOK_EVERY_S
        self._stamps: dict[Path, Stamp] = {}
        self._loaded: dict[Path, Model] = {}
        self._busy = threading.Lock()

    @classmethod
    def read(cls, folder: Path, now: Callable[[], float] = time.monotonic) -> TrainedModels:
        """Every model below ``folder``; no folder is no model. ``ConfigError`` names each one that is wrong."""
        found = cls({}, folder, now)
        problems = found._renew(_stamps(folder))
        if problems:
            raise ConfigError(problems)
        return found

    def look(self) -> None:
        """Take up what has changed in the folder; anything wrong is logged once and changes nothing."""
        if self._folder is None or not self._busy.acquire(blocking=False):
            return
        try:
            stamps = _stamps(self._folder)
            if stamps == self._stamps:
                return
            before = self.models
            for problem in self._renew(stamps):
                _log.error("prefill_model_refused", problem=problem)
            for target in sorted({*before, *self.models}):
                new = self.models.get(target)
                if new is None:
                    _log.warning("prefill_model_gone", target=target)
                elif new is not before.get(target):
                    about = {"trained_at": new.card.trained_at, "rows": new.card.rows, "data": new.card.data_sha256}
                    _log.info("prefill_model_taken_up", target=target, **about)
        finally:
            self._busy.release()

    def _renew(self, stamps: dict[Path, Stamp]) -> list[str]:
        """Load what ``stamps`` says is new or changed; what is wrong with it."""
        loaded = {card: model for card, model in self._loaded.items() if card in stamps}
        problems: list[str] = []
        for card, stamp in stamps.items():
            if self._stamps.get(card) == stamp:
                continue
            try:
                loaded[card] = load(card.parent)
            except ConfigError as error:
                problems += error.problems
        models: dict[str, Model] = {}
        for card, model in sorted(loaded.items(), key=lambda item: item[1] is not self._loaded.get(item[0])):
            if model.card.target in models:
                problems.append(f"{card}: is a second model for {model.card.target}; keep one")
            models.setdefault(model.card.target, model)
        self._stamps, self._loaded, self.models = stamps, loaded, models
        return problems

    def _look_soon(self) -> None:
        """Look on a thread of its own: a model of 100,000 n-grams takes a third of a second to load."""
        if self._folder is None or self._now() < self._next_look:
            return
        self._next_look = self._now() + LOOK_EVERY_S
        if _stamps(self._folder) != self._stamps:
            threading.Thread(target=self.look, name="prefill-models", daemon=True).start()

    def opinions(self, content: str) -> list[Guess]:
        """Guesses for ``demand.content == content``; those for category and unit with what to offer beside them.

        A guess has no span: a linear model rests on the whole text.
        """
        self._look_soon()
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


def _stamps(folder: Path) -> dict[Path, Stamp]:
    """When and how each card below ``folder`` was last written; ``model.save`` writes the card last."""
    found = {}
    for card in sorted(folder.glob(f"*/{CARD}")):
        try:
            stat = card.stat()
        except OSError:  # it is being replaced: the next look sees it
            continue
        found[card] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found
