"""Report of cross-validation: one HTML page without external resources and without any citizen's text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np

from gateway.prefill.evaluation import TWO, f1_of_labels, figures, ranking, sureness
from gateway.prefill.training import Trained

CONFUSED_SHOWN = 25
"""Labels in the confusion table at most: the commonest."""
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse}td,th{border:1px solid #d0d7de;padding:.2rem .5rem;text-align:right}"
    "th{background:#f6f8fa}svg{max-width:100%}.own{background:#dafbe1}.other{background:#ffebe9}"
)


def confusion(truth: Sequence[str], given: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """The commonest labels, and how often each (row) was called what (column)."""
    labels = [label for label, _ in Counter(truth).most_common(CONFUSED_SHOWN)]
    pairs = Counter(zip(truth, given, strict=True))
    return labels, [[pairs[a, b] for b in labels] for a in labels]


def confusion_text(truth: Sequence[str], given: Sequence[str]) -> str:
    """The confusion table for a terminal: tab-separated, truth in rows."""
    labels, table = confusion(truth, given)
    lines = ["\t".join(["truth \\ given", *labels])]
    lines += ["\t".join([label, *map(str, row)]) for label, row in zip(labels, table, strict=True)]
    return "\n".join(lines)


def html(trained: Trained, notes: Sequence[str]) -> str:
    """The report of a training; ``notes`` are what was left out of the data and why."""
    card = trained.card
    truth = [card.labels[n] for n in trained.truth]
    ranked = ranking(card.labels, trained.chances)
    given = [labels[0] for labels in ranked]
    sure = sureness(truth, list(zip(given, map(float, trained.chances.max(axis=1)), strict=True)))
    found = figures(truth, ranked)
    rows = [
        ("Target / 目标", card.target),
        ("Texts / 条数", str(card.rows)),
        ("Labels / 类别", str(len(card.labels))),
        ("Accuracy / 准确率", f"{found.accuracy:.3f}"),
        ("Macro F1", f"{found.macro_f1:.3f}"),
        (f"Right among the first {TWO} / 前两位命中", f"{found.top2_accuracy:.3f}"),
        (
            f"At confidence ≥ {sure.at} / 高置信",
            "–" if sure.accuracy is None else f"{sure.accuracy:.3f} right of {sure.share:.1%}",
        ),
        ("Trained at / 时间", card.trained_at),
        ("SHA-256 of the data / 数据摘要", card.data_sha256),
    ]
    scores = sorted(f1_of_labels(truth, given).items(), key=lambda item: -item[1])
    head = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    listed = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>prefill {escape(card.target)}</title>'
        f"<style>{_STYLE}</style><h1>Pre-fill model: {escape(card.target)} / 预填模型</h1>"
        "<p>All figures are cross-validated: each text was judged by a model that had not seen it.</p>"
        f"<table>{head}</table>{f'<h2>Data / 数据</h2><ul>{listed}</ul>' if listed else ''}"
        f"<h2>F1 by label / 各类 F1</h2>{_bars(scores, Counter(truth))}"
        f"<h2>Does confidence keep its word? / 置信度校准</h2>{_reliability(trained)}"
        f"<h2>Confusion / 混淆矩阵</h2>{_table(truth, given)}</html>"
    )


def _bars(scores: Sequence[tuple[str, float]], counts: Counter[str]) -> str:
    parts = []
    for n, (label, score) in enumerate(scores):
        y = 24 * n
        parts.append(
            f'<text x="250" y="{y + 16}" text-anchor="end">{escape(label[:20])} ({counts[label]})</text>'
            f'<rect x="260" y="{y + 3}" width="{400 * score:.1f}" height="17" fill="#2f81f7"/>'
            f'<text x="{266 + 400 * score:.1f}" y="{y + 16}">{score:.3f}</text>',
        )
    return (
        f'<svg role="img" aria-label="F1" width="740" height="{24 * len(scores)}" font-size="13">{"".join(parts)}</svg>'
    )


def _reliability(trained: Trained) -> str:
    """How often answers are right (up) by how sure they are (right); on the diagonal is honest."""
    sure = trained.chances.max(axis=1)
    right = trained.chances.argmax(axis=1) == trained.truth
    parts = ['<path d="M40 260H300M40 260V0M40 260L300 0" stroke="#8c959f" fill="none"/>']
    for low in np.arange(0, 1, 0.1):
        here = (sure >= low) & ((sure < low + 0.1) | (low + 0.1 >= 1))
        if here.any():
            x, y = 40 + 260 * float(sure[here].mean()), 260 - 260 * float(right[here].mean())
            told = f"confidence {sure[here].mean():.2f}: {right[here].mean():.3f} right of {int(here.sum())}"
            radius = 3 + 9 * float(here.mean()) ** 0.5
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#2f81f7"><title>{told}</title></circle>'
            )
    words = '<text x="300" y="278" text-anchor="end">confidence</text><text x="46" y="14">right</text>'
    opening = '<svg role="img" aria-label="calibration" width="330" height="285" font-size="13">'
    return f"{opening}{''.join(parts)}{words}</svg>"


def _table(truth: Sequence[str], given: Sequence[str]) -> str:
    labels, table = confusion(truth, given)
    head = "".join(f"<th>{escape(label)}</th>" for label in labels)
    body = ""
    for n, (label, row) in enumerate(zip(labels, table, strict=True)):
        kinds = ["own" if m == n else "other" if value else "" for m, value in enumerate(row)]
        cells = "".join(f'<td class="{kind}">{value}</td>' for kind, value in zip(kinds, row, strict=True))
        body += f"<tr><th>{escape(label)}</th>{cells}</tr>"
    return f"<table><tr><th>truth \\ given</th>{head}</tr>{body}</table>"
