"""A trained linear model, on disk and in use: weights only, in JSON and arrays; loading executes nothing.

A model is a folder with ``model.json`` (what it is) and ``weights.npz`` (what it knows), replaced as a whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import ConfigError
from gateway.prefill.features import BLOCKS, FEATURES_VERSION, ngrams

FORMAT_VERSION = 1
"""Of the files; another one is refused with a message."""
CARD, WEIGHTS = "model.json", "weights.npz"
FAMILIAR = 0.5
"""Of a text with a smaller share of known n-grams the model is less sure."""
TARGETS = ("category", "type", "urgency", "unit")
_KINDS = {
    "weights": ("f", 2),
    "idf": ("f", 1),
    "bias": ("f", 1),
    "shift": ("f", 1),
    "blocks": ("i", 1),
    "names": ("u", 1),
}

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model is: target, labels, and the data that it was trained on."""

    target: str
    labels: tuple[str, ...]
    data_sha256: str
    rows: int
    trained_at: str
    data: str
    """The training file's path, for comparing with the baseline later; it counts only while its digest is the same."""
    text_column: str
    label_column: str
    scale: float
    """Calibration: probabilities are softmax(scale * score + shift of the label)."""
    format_version: int = FORMAT_VERSION
    features_version: int = FEATURES_VERSION


@dataclass(frozen=True, slots=True)
class Opinion:
    """A model's answer: labels with calibrated probabilities, likeliest first; none for a text without words."""

    ranked: tuple[tuple[str, float], ...]

    @property
    def label(self) -> str | None:
        """The likeliest label."""
        return self.ranked[0][0] if self.ranked else None

    @property
    def confidence(self) -> float:
        """Probability of ``label``, 0..1."""
        return self.ranked[0][1] if self.ranked else 0.0


class Model:
    """A linear classifier over n-grams; answers in about a millisecond and needs numpy only."""

    def __init__(self, card: Card, names: Sequence[str], arrays: dict[str, NDArray[Any]]) -> None:
        """Build from a card, the n-grams' names (block by block) and the arrays ``weights.npz`` holds."""
        self.card = card
        self._idf: Floats = arrays["idf"]
        self._weights: Floats = arrays["weights"]
        self._bias, self._shift = arrays["bias"], arrays["shift"]
        self._vocabularies, start = [], 0
        for size in arrays["blocks"]:
            self._vocabularies.append({name: start + n for n, name in enumerate(names[start : start + size])})
            start += int(size)

    def scores(self, text: str) -> tuple[NDArray[np.float64], float] | None:
        """Decision values by label, and the share of the n-grams of ``text`` that are known; None when none is."""
        columns: list[int] = []
        values: list[float] = []
        every = 0
        for (_, weight), counts, known in zip(BLOCKS, ngrams(text), self._vocabularies, strict=True):
            found = self._weigh(counts, known)
            norm = weight / math.sqrt(sum(value * value for _, value in found)) if found else 0.0
            columns += [column for column, _ in found]
            values += [value * norm for _, value in found]
            every += len(counts)
        if not columns:
            return None
        chosen = self._weights[np.asarray(columns)]
        scores: NDArray[np.float64] = np.asarray(values, dtype=np.float64) @ chosen + self._bias
        return scores, len(columns) / every

    def _weigh(self, counts: Counter[str], known: dict[str, int]) -> list[tuple[int, float]]:
        here = ((known.get(name), count) for name, count in counts.items())
        return [(c, (1 + math.log(count)) * float(self._idf[c])) for c, count in here if c is not None]

    def opinion(self, text: str) -> Opinion:
        """The model's answer for ``text``; the fewer of its n-grams are known, the lower the confidence."""
        found = self.scores(text)
        if found is None:
            return Opinion(())
        scores, known = found
        scale = self.card.scale * min(1.0, known / FAMILIAR)
        chances = probabilities(scores[None, :], scale, self._shift)[0]
        order = np.argsort(-chances, kind="stable")
        return Opinion(tuple((self.card.labels[n], round(float(chances[n]), 4)) for n in order))


def probabilities(scores: NDArray[Any], scale: float, shift: NDArray[Any]) -> NDArray[np.float64]:
    """Rows of calibrated probabilities for rows of scores."""
    raw = scale * np.asarray(scores, dtype=np.float64) + shift
    raw -= raw.max(axis=1, keepdims=True)
    chances: NDArray[np.float64] = np.exp(raw)
    chances /= chances.sum(axis=1, keepdims=True)
    return chances


def save(folder: Path, card: Card, names: Sequence[str], arrays: dict[str, NDArray[Any]]) -> None:
    """Write a model; the card last and by renaming, so that a reader never sees half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    text = np.frombuffer("\n".join(names).encode("utf-8"), dtype=np.uint8)
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, names=text, **arrays)
    whole = asdict(card) | {"weights_sha256": hashlib.sha256(packed.getvalue()).hexdigest()}
    _replace(folder / WEIGHTS, packed.getvalue())
    _replace(folder / CARD, json.dumps(whole, ensure_ascii=False, indent=2).encode("utf-8"))


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)  # noqa: PTH105 - atomic also over an existing file


def load(folder: Path) -> Model:
    """Read a model; ``ConfigError`` says what is wrong with it. Nothing that it holds is executed."""
    card, digest = _card(folder / CARD)
    try:
        packed = (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise ConfigError([f"{folder / WEIGHTS}: cannot be read: {error}; train the model again"]) from error
    broken = ConfigError([f"{folder / WEIGHTS}: does not belong to its {CARD} or is damaged; train the model again"])
    if hashlib.sha256(packed).hexdigest() != digest:
        raise broken
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            arrays = {key: file[key] for key in _KINDS}
        names = bytes(arrays.pop("names")).decode("utf-8").split("\n")
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise broken from error
    if not _fits(card, names, arrays):
        raise broken
    return Model(card, names, arrays)


def _card(path: Path) -> tuple[Card, str]:
    if not path.is_file():
        raise ConfigError([f"{path}: no such file; `gateway prefill train … --out {path.parent}` makes a model"])
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        found = (raw.get("format_version"), raw.get("features_version"))
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError([f"{path}: is no model card: {error}"]) from error
    if found != (FORMAT_VERSION, FEATURES_VERSION):
        read = f"format {FORMAT_VERSION}, features {FEATURES_VERSION}"
        is_of = f"format {found[0]}, features {found[1]}"
        raise ConfigError([f"{path}: is of {is_of}; this gateway reads {read}: train the model again"])
    digest = raw.pop("weights_sha256", "")
    try:
        card = Card(**raw | {"labels": tuple(map(str, raw["labels"]))})
        sound = card.target in TARGETS and math.isfinite(card.scale)
    except (TypeError, KeyError) as error:
        raise ConfigError([f"{path}: is no model card: {error}"]) from error
    if not sound:
        raise ConfigError([f"{path}: is no model card: target {card.target!r}, scale {card.scale!r}"])
    return card, str(digest)


def _fits(card: Card, names: list[str], arrays: dict[str, NDArray[Any]]) -> bool:
    """Whether kinds and shapes of the arrays agree with the card and with one another."""
    if any((a.dtype.kind, a.ndim) != _KINDS[key] for key, a in arrays.items()):
        return False
    many = len(card.labels)
    return (
        arrays["weights"].shape == (len(names), many)
        and arrays["idf"].shape == (len(names),)
        and arrays["bias"].shape == arrays["shift"].shape == (many,)
        and arrays["blocks"].shape == (len(BLOCKS),)
        and int(arrays["blocks"].sum()) == len(names)
        and bool((arrays["blocks"] >= 0).all())
        and all(bool(np.isfinite(arrays[key]).all()) for key in ("weights", "idf", "bias", "shift"))
    )
