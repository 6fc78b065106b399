"""The whole form read from one ticket after another on one core, with a trained model, beside scikit-learn's predict.

The model learns texts made of the taxonomy's example phrases, or, where the folder of ``HOTLINE_TEST_DATA`` holds them,
messages (``data/seven_class_*.csv``, in archives' form: without function words) and is asked raw ones. scikit-learn's
model is the plainest one: TF-IDF of 1 and 2 characters and a linear SVM on the same rows, asked the same texts. Then 25
% of the characters are replaced by others that sound the same, 60 % of them in the same tone. CPU time counts: other
work shares the machine.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pypinyin import Style, lazy_pinyin
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bench.report import Row, judged
from bench.similar import made_up
from gateway.prefill import dataset, evaluation, model, training
from gateway.prefill.dataset import Rows
from gateway.prefill.reader import PrefillReader
from tests.support.data import more

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config"
LEARNT, ASKED = 3_000, 300
GOAL_MS = 30.0
MISHEARD, SAME_TONE = 0.25, 0.6
_AT = datetime(2026, 3, 5, 2, tzinfo=UTC)


def _silent(_: str) -> None:
    """Nobody listens."""


def _rows() -> tuple[Rows, Rows, str]:
    """What is learnt, what is asked, and where both come from."""
    learnt, asked = more("data/seven_class_train_stripped.csv"), more("data/seven_class_raw_dev.csv")
    if learnt and asked:
        return dataset.read(learnt, say=_silent), dataset.read(asked, say=_silent), "raw messages"
    made = [Rows(tuple(e.text for e in some), tuple(e.topic for e in some), "") for some in _made()]
    return made[0], made[1], "made-up texts"


def _made() -> tuple[Sequence[Any], Sequence[Any]]:
    return made_up(LEARNT, seed=1), made_up(ASKED, seed=2)


def _misheard(texts: Sequence[str]) -> tuple[str, ...]:
    chance = random.Random(5)  # noqa: S311 - makes texts up, guards nothing
    toneless, toned = defaultdict(list), defaultdict(list)
    for character in sorted({c for text in texts for c in text if "一" <= c <= "龥"}):
        toneless[lazy_pinyin(character)[0]].append(character)
        toned[lazy_pinyin(character, style=Style.TONE3)[0]].append(character)

    def heard(character: str) -> str:
        if not "一" <= character <= "龥" or chance.random() >= MISHEARD:
            return character
        alike = toneless[lazy_pinyin(character)[0]]
        if chance.random() < SAME_TONE:
            alike = toned[lazy_pinyin(character, style=Style.TONE3)[0]]
        return chance.choice([c for c in alike if c != character] or [character])

    return tuple("".join(map(heard, text)) for text in texts)


def _ms(work: Callable[[str], Any], texts: Sequence[str]) -> list[float]:
    """CPU milliseconds for each text; the first ten only warm up."""
    for text in texts[:10]:
        work(text)
    found = []
    for text in texts:
        began = time.process_time()
        work(text)
        found.append((time.process_time() - began) * 1000)
    return found


def rows() -> list[Row]:
    """Time of a reading, and what the model is worth."""
    read, asked, source = _rows()
    learnt = dataset.learnable(read, _silent)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder)
        for table in CONFIG.glob("*.csv"):
            shutil.copy(table, config)
        about = training.About(target="category", trained_at=_AT.isoformat(), data="bench")
        trained = training.train(learnt, about, _silent)
        model.save(config / "models" / "category", trained.card, trained.names, trained.arrays)
        own = model.load(config / "models" / "category")
        prefill = PrefillReader.of(config, "Asia/Shanghai")
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    machine = LinearSVC().fit(vectors.fit_transform(learnt.texts), learnt.labels)
    texts = asked.texts[:ASKED]
    whole = _ms(lambda text: prefill.read(text, at=_AT), texts)
    opinion = _ms(own.opinion, texts)
    theirs = _ms(lambda text: machine.predict(vectors.transform([text])), texts)
    return [*_times(whole, opinion, theirs, statistics.mean(map(len, texts)), source), *_worth(own, learnt, asked)]


def _times(
    whole: Sequence[float], opinion: Sequence[float], theirs: Sequence[float], length: float, source: str
) -> list[Row]:
    ours, peer = statistics.mean(whole), statistics.mean(theirs)
    p95 = statistics.quantiles(whole, n=20)[-1]
    return [
        judged(
            f"the whole form of one ticket ({source}, {length:.0f} characters in the mean)",
            f"{ours:.1f} ms CPU (p95 {p95:.1f} ms)",
            f"what may be spent on it: {GOAL_MS:.0f} ms",
            ours / GOAL_MS,
            at_most=1.0,
        ),
        judged("the same, beside one label", f"{ours:.1f} ms CPU", f"scikit-learn: {peer:.1f} ms CPU", ours / peer),
        judged(
            "one label with its probability",
            f"{statistics.mean(opinion):.1f} ms CPU",
            f"scikit-learn, without probability: {peer:.1f} ms CPU",
            statistics.mean(opinion) / peer,
        ),
    ]


def _worth(own: model.Model, learnt: Rows, asked: Rows) -> list[Row]:
    found, sure = evaluation.judge(own, asked)
    heard = Rows(_misheard(asked.texts), asked.labels, "")
    noisy, _ = evaluation.judge(own, heard)
    plain, plain_noisy = evaluation.baseline(learnt, asked), evaluation.baseline(learnt, heard)
    return [
        judged(
            "right labels, macro-F1",
            f"{found.macro_f1:.3f} (accuracy {found.accuracy:.3f}, among two {found.top2_accuracy:.3f})",
            f"scikit-learn: {plain.macro_f1:.3f} (accuracy {plain.accuracy:.3f}, {plain.top2_accuracy:.3f})",
            found.macro_f1 / plain.macro_f1,
            at_least=1.0,
        ),
        judged(
            "points of accuracy lost with 25 % of the characters replaced by homophones",
            f"{100 * (found.accuracy - noisy.accuracy):.1f} ({noisy.accuracy:.3f})",
            f"what may be lost: 1.0; scikit-learn loses {100 * (plain.accuracy - plain_noisy.accuracy):.1f}",
            100 * (found.accuracy - noisy.accuracy),
            at_most=1.0,
        ),
        judged(
            f"right answers at confidence {sure.at} and more",
            "none so sure" if sure.accuracy is None else f"{sure.accuracy:.1%} of {sure.share:.0%} of the texts",
            "what confidence promises: 95 %",
            (sure.accuracy or 0.0) / 0.95,
            at_least=1.0,
        ),
    ]
