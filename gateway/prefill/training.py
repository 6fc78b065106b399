"""Learning a model from labelled texts: weights, cross-validated figures, and calibrated probabilities.

Needs scikit-learn; answering does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from sklearn.svm import LinearSVC

from gateway.prefill.dataset import Rows
from gateway.prefill.features import BLOCKS, VOICES, ngrams
from gateway.prefill.model import Card, probabilities

FOLDS = 5
MIN_TEXTS = 2
"""An n-gram of fewer texts is left out."""
LARGE = 200
"""From so many texts on the rarest n-grams are left out; a few seed phrases have none to spare."""
MAX_WEIGHTS = 24_000_000
"""Labels times n-grams at most (float32: 96 MB); beyond, the rarest n-grams go."""
PENALTY = 0.2
RARITY = 0.01
"""Added to how often an n-gram occurs with and without a label, before one is divided by the other."""
TELLING = (0.3, 3.3)
"""Between which bounds an n-gram counts for a label, by how much oftener (or less often) it occurs with it."""
CAUTION = 0.6
"""Probabilities are flattened by this: archives are cleaner than what people say, so cross-validation flatters."""
SEED = 12345

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Counted:
    """N-gram counts of many texts: one sparse matrix and the n-grams' names for each block."""

    blocks: tuple[tuple[sparse.csr_matrix, tuple[str, ...]], ...]

    def rows(self, chosen: NDArray[Any]) -> Counted:
        """The same of some texts."""
        return Counted(tuple((matrix[chosen], names) for matrix, names in self.blocks))


def count(texts: Sequence[str]) -> Counted:
    """Count the n-grams of ``texts``."""
    found = [ngrams(text) for text in texts]
    return Counted(tuple(_counted([counts[n] for counts in found]) for n in range(len(BLOCKS))))


def _counted(counts: list[Counter[str]]) -> tuple[sparse.csr_matrix, tuple[str, ...]]:
    known: dict[str, int] = {}
    columns = [known.setdefault(name, len(known)) for c in counts for name in c]
    ends = np.cumsum([0, *(len(c) for c in counts)])
    data = np.fromiter((n for c in counts for n in c.values()), dtype=np.float32)
    return sparse.csr_matrix((data, columns, ends), shape=(len(counts), len(known))), tuple(known)


@dataclass(frozen=True, slots=True)
class Weighing:
    """Which n-grams a model knows and how much each weighs."""

    kept: tuple[NDArray[Any], ...]
    idf: tuple[NDArray[Any], ...]

    @classmethod
    def of(cls, counted: Counted, labels: int) -> Weighing:
        """Inverse document frequencies of ``counted``; the rarest n-grams go when there are too many."""
        texts = counted.blocks[0][0].shape[0]
        at_least = MIN_TEXTS if texts >= LARGE else 1
        room = MAX_WEIGHTS // (labels * len(BLOCKS))
        kept, idf = [], []
        for matrix, _ in counted.blocks:
            seen = np.bincount(matrix.indices, minlength=matrix.shape[1])
            columns = np.flatnonzero(seen >= at_least)
            if len(columns) > room:
                columns = np.sort(columns[np.argsort(-seen[columns], kind="stable")[:room]])
            kept.append(columns)
            idf.append(np.log((1 + texts) / (1 + seen[columns])) + 1)
        return cls(tuple(kept), tuple(idf))

    @property
    def widths(self) -> list[int]:
        """How many n-grams of each block are known."""
        return [len(columns) for columns in self.kept]

    def matrix(self, counted: Counted) -> sparse.csr_matrix:
        """The texts as vectors of one length for each block."""
        parts = []
        for (_, weight), (matrix, _), kept, idf in zip(BLOCKS, counted.blocks, self.kept, self.idf, strict=True):
            every = np.zeros(matrix.shape[1])
            every[kept] = idf
            values = matrix.astype(np.float64)
            values.data = (1 + np.log(values.data)) * every[values.indices]
            length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
            shorter = sparse.diags_array(weight / np.where(length > 0, length, 1.0))
            parts.append((shorter @ values).tocsr()[:, kept])
        return sparse.csr_matrix(sparse.hstack(parts))


def fit(
    matrix: sparse.csr_matrix, widths: Sequence[int], labels: NDArray[Any], many: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights (n-grams x labels) and biases of linear machines, one for each label and voice; ``widths`` of blocks.

    Source: Wang and Manning, Baselines and Bigrams (ACL 2012): a support vector machine over n-grams that are scaled
    by naive Bayes' log-count ratios. Both being linear, scales and shares melt into the weights.
    """
    weights, bias = np.zeros((matrix.shape[1], many)), np.zeros(many)
    ends = np.cumsum([0, *widths])
    for first, last, share in VOICES:
        voice = matrix[:, ends[first] : ends[last]]
        for label in range(many):
            scale = _telling(voice, labels == label)
            machine = LinearSVC(C=PENALTY, class_weight="balanced", random_state=SEED, tol=5e-3)
            machine.fit(voice @ sparse.diags_array(scale), labels == label)
            weights[ends[first] : ends[last], label] = share * scale * machine.coef_[0]
            bias[label] += share * float(machine.intercept_[0])
    return weights, bias


def _telling(matrix: sparse.csr_matrix, own: NDArray[Any]) -> NDArray[Any]:
    """How strongly each n-gram speaks for or against ``own`` rows, within ``TELLING``."""
    within = np.asarray(matrix[own].sum(axis=0)).ravel() + RARITY
    without = np.asarray(matrix[~own].sum(axis=0)).ravel() + RARITY
    ratio = np.abs(np.log((within / within.sum()) / (without / without.sum())))
    scale: NDArray[Any] = np.clip(TELLING[0] + ratio, *TELLING)
    return scale


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a model is trained for, when, and from what; goes into its card."""

    target: str
    trained_at: str
    data: str
    text_column: str = "text"
    label_column: str = "label"


@dataclass(frozen=True, slots=True)
class Trained:
    """What ``model.save`` writes, and the probabilities of each row by models that never saw it."""

    card: Card
    names: tuple[str, ...]
    arrays: dict[str, NDArray[Any]]
    truth: NDArray[Any]
    chances: NDArray[Any]


def train(rows: Rows, about: About, say: Say) -> Trained:
    """Train on ``rows`` (from ``dataset.learnable``); ``say`` hears of each step."""
    labels = tuple(sorted(set(rows.labels)))
    place = {label: n for n, label in enumerate(labels)}
    truth = np.asarray([place[label] for label in rows.labels])
    say(f"{len(truth)} texts, {len(labels)} labels: counting n-grams")
    counted = count(rows.texts)
    scores = _cross_validated(counted, truth, len(labels), say)
    scale, shift = calibrate(scores, truth)
    scale *= CAUTION
    say("training on all texts")
    weighing = Weighing.of(counted, len(labels))
    weights, bias = fit(weighing.matrix(counted), weighing.widths, truth, len(labels))
    names = [counted.blocks[n][1][column] for n in range(len(BLOCKS)) for column in weighing.kept[n]]
    return Trained(
        Card(
            target=about.target,
            labels=labels,
            data_sha256=rows.sha256,
            rows=len(truth),
            trained_at=about.trained_at,
            data=about.data,
            text_column=about.text_column,
            label_column=about.label_column,
            scale=scale,
        ),
        tuple(names),
        {
            "weights": weights.astype(np.float32),
            "idf": np.concatenate(weighing.idf).astype(np.float32),
            "bias": bias.astype(np.float32),
            "shift": shift.astype(np.float32),
            "blocks": np.asarray(weighing.widths, dtype=np.int64),
        },
        truth,
        probabilities(scores, scale, shift),
    )


def _cross_validated(counted: Counted, truth: NDArray[Any], many: int, say: Say) -> NDArray[Any]:
    """Scores of every row by a model trained without its fold."""
    folds = _folds(truth)
    scores = np.zeros((len(truth), many))
    for n in range(int(folds.max()) + 1):
        say(f"cross-validation {n + 1} of {int(folds.max()) + 1}")
        seen, held = np.flatnonzero(folds != n), np.flatnonzero(folds == n)
        weighing = Weighing.of(counted.rows(seen), many)
        weights, bias = fit(weighing.matrix(counted.rows(seen)), weighing.widths, truth[seen], many)
        scores[held] = weighing.matrix(counted.rows(held)) @ weights + bias
    return scores


def _folds(truth: NDArray[Any]) -> NDArray[Any]:
    """A fold for each row; the rows of a label are spread evenly, so that each fold's training has every label."""
    dice = np.random.default_rng(SEED)
    folds = np.zeros(len(truth), dtype=int)
    for label in np.unique(truth):
        rows = dice.permutation(np.flatnonzero(truth == label))
        folds[rows] = np.arange(len(rows)) % FOLDS
    return folds


def calibrate(scores: NDArray[Any], truth: NDArray[Any]) -> tuple[float, NDArray[Any]]:
    """Scale and shifts that make softmax(scale * score + shift) say how often the label is right (Platt, many labels).

    Shifts are kept small, so that a label with few rows is not talked up.
    """
    many = scores.shape[1]
    hot = np.eye(many)[truth]

    def loss(x: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        chances = probabilities(scores, float(np.exp(x[0])), x[1:])
        wrong = (chances - hot) / len(truth)
        value = -float(np.log(chances[np.arange(len(truth)), truth] + 1e-12).mean()) + 0.01 * float(x[1:] @ x[1:])
        slope = np.concatenate([[float((wrong * scores).sum() * np.exp(x[0]))], wrong.sum(axis=0) + 0.02 * x[1:]])
        return value, slope

    found = optimize.minimize(loss, np.zeros(many + 1), jac=True, method="L-BFGS-B", bounds=[(-4, 4)] * (many + 1))
    return float(np.exp(found.x[0])), np.asarray(found.x[1:])
