"""Evaluates a model: figures on labelled texts, beside those of a plain baseline model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from gateway.prefill.dataset import Rows
from gateway.prefill.model import Model

SURE = 0.9
"""From this confidence a field is filled without asking; calibration is judged there."""
TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Accuracy, the mean F1 over labels, and how often the right label is among the first two; all 0..1."""

    n: int
    accuracy: float
    macro_f1: float
    top2_accuracy: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """The answers given at confidence ``at`` or more: their share of all, and how many of them are right."""

    at: float
    share: float
    accuracy: float | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def figures(truth: Sequence[str], ranked: Sequence[Sequence[str]]) -> Figures:
    """Judge rankings of labels, likeliest first; an empty one is an answer not given, so wrong."""
    first = [labels[0] if labels else None for labels in ranked]
    return Figures(
        n=len(truth),
        accuracy=_share(sum(a == b for a, b in zip(truth, first, strict=True)), len(truth)),
        macro_f1=round(sum(f1.values()) / len(f1), 4) if (f1 := f1_of_labels(truth, first)) else 0.0,
        top2_accuracy=_share(sum(a in labels[:TWO] for a, labels in zip(truth, ranked, strict=True)), len(truth)),
    )


def f1_of_labels(truth: Sequence[str], given: Sequence[str | None]) -> dict[str, float]:
    """F1 of every label that occurs in either."""
    labels = sorted({*truth, *(label for label in given if label is not None)})
    found = {}
    for label in labels:
        both = sum(a == b == label for a, b in zip(truth, given, strict=True))
        either = sum(a == label for a in truth) + sum(b == label for b in given)
        found[label] = 2 * both / either
    return found


def sureness(truth: Sequence[str], answers: Sequence[tuple[str | None, float]], at: float = SURE) -> Sureness:
    """How often the sure answers are right."""
    sure = [label == right for right, (label, confidence) in zip(truth, answers, strict=True) if confidence >= at]
    return Sureness(
        at=at,
        share=_share(len(sure), len(truth)),
        accuracy=_share(sum(sure), len(sure)) if sure else None,
    )


def judge(model: Model, rows: Rows) -> tuple[Figures, Sureness]:
    """Figures of ``model`` on ``rows``."""
    opinions = [model.opinion(text) for text in rows.texts]
    return (
        figures(rows.labels, [[label for label, _ in o.ranked] for o in opinions]),
        sureness(rows.labels, [(o.label, o.confidence) for o in opinions]),
    )


def ranking(labels: Sequence[str], chances: NDArray[Any]) -> list[list[str]]:
    """The labels of each row of ``chances``, likeliest first."""
    return [[labels[n] for n in order] for order in np.argsort(-chances, axis=1, kind="stable")]


def baseline(learnt: Rows, asked: Rows) -> Figures:
    """The plainest model trained on ``learnt``: TF-IDF of character 1- and 2-grams and a linear SVM as they come."""
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    machine = LinearSVC()
    machine.fit(vectors.fit_transform(learnt.texts), learnt.labels)
    scores = machine.decision_function(vectors.transform(asked.texts))
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    return figures(asked.labels, ranking([str(label) for label in machine.classes_], scores))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
