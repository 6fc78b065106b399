"""A trained model: what it learns, how sure it says it is, and which files it refuses."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from gateway.errors import ConfigError
from gateway.prefill import dataset, evaluation, model, report, training
from gateway.prefill.features import MAX_CHARS, ngrams, plain, syllable
from tests.unit.prefill import desk_texts

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("model")
    read = dataset.read(desk_texts.write(base / "rows.csv", desk_texts.rows()), say=lambda _: None)
    about = training.About(target="category", trained_at="2026-01-01T00:00:00+00:00", data="rows.csv")
    trained = training.train(dataset.learnable(read, lambda _: None), about, lambda _: None)
    model.save(base / "out", trained.card, trained.names, trained.arrays)
    (base / "out" / "report.html").write_text(report.html(trained, ["a <note>"]), encoding="utf-8")
    return base / "out"


@pytest.mark.parametrize(
    ("text", "label"),
    [("楼上一直停水", "供水"), ("隔壁夜里施工太吵", "噪音"), ("门前的路灯又不亮", "道路")],
)
def test_new_sentences_are_told_apart(folder, text, label):
    opinion = model.load(folder).opinion(text)
    assert opinion.label == label
    assert 0.5 < opinion.confidence <= 1
    assert sum(chance for _, chance in opinion.ranked) == pytest.approx(1, abs=0.001)


def test_homophones_do_not_change_the_answer(folder):
    assert model.load(folder).opinion("晚上鹿等不量很微显").label == "道路"


def test_strange_text_gets_no_sure_answer(folder):
    loaded = model.load(folder)
    assert loaded.opinion("今年养老金调整政策咨询").confidence < 0.7
    assert loaded.opinion("").label is None
    assert loaded.opinion("。，！").label is None


def test_a_megabyte_is_read_up_to_its_limit(folder):
    assert model.load(folder).opinion("停水" * 500_000).label == "供水"
    assert len(plain("停水" * 500_000)) == MAX_CHARS


def test_syllables_blur_what_recognisers_blur():
    assert syllable("是") == syllable("四")
    assert syllable("宁") == syllable("林")
    assert ngrams("路灯坏了")[2] == ngrams("鹿登坏了")[2]


def test_scores_are_those_that_training_measured(folder):
    """The answer's own arithmetic is that of the training's matrices."""
    texts = ["停水了", "夜里施工声音太大", "完全没见过的字"]
    loaded = model.load(folder)
    read = dataset.read(folder.parent / "rows.csv", say=lambda _: None)
    both = training.count([*read.texts, *texts])
    rows = np.arange(len(read.texts))
    weighing = training.Weighing.of(both.rows(rows), 3)
    place = {label: n for n, label in enumerate(loaded.card.labels)}
    truth = np.asarray([place[label] for label in read.labels])
    weights, bias = training.fit(weighing.matrix(both.rows(rows)), weighing.widths, truth, 3)
    wanted = weighing.matrix(both.rows(np.arange(len(rows), len(rows) + len(texts)))) @ weights + bias
    for text, scores in zip(texts, wanted, strict=True):
        found = loaded.scores(text)
        assert found is not None
        assert found[0] == pytest.approx(scores, abs=0.01)


def test_the_report_stands_alone(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "a &lt;note&gt;" in page
    assert "http" not in page


def test_figures_by_hand():
    found = evaluation.figures(["a", "a", "b", "b"], [["a", "b"], ["b", "a"], ["b", "a"], []])
    assert (found.n, found.accuracy, found.top2_accuracy) == (4, 0.5, 0.75)
    assert found.macro_f1 == round((2 / 3 + 2 / 4) / 2, 4)
    assert evaluation.sureness(["a", "b"], [("a", 0.95), ("a", 0.5)]).accuracy == 1.0


def test_a_card_of_another_version_is_refused(folder, tmp_path):
    copied = shutil.copytree(folder, tmp_path / "m")
    card = json.loads((copied / model.CARD).read_text(encoding="utf-8"))
    (copied / model.CARD).write_text(json.dumps(card | {"format_version": 99}), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"format 99.*train the model again"):
        model.load(copied)


@pytest.mark.parametrize("harm", ["flipped", "gone", "pickle", "no_json", "no_card"])
def test_a_damaged_model_is_refused(folder, tmp_path, harm):
    copied = shutil.copytree(folder, tmp_path / "m")
    weights = copied / model.WEIGHTS
    if harm == "flipped":
        raw = bytearray(weights.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        weights.write_bytes(bytes(raw))
    elif harm == "gone":
        weights.unlink()
    elif harm == "pickle":
        np.savez(weights, weights=np.asarray([{"an": "object"}], dtype=object))
    elif harm == "no_json":
        (copied / model.CARD).write_text("[1", encoding="utf-8")
    else:
        (copied / model.CARD).unlink()
    with pytest.raises(ConfigError):
        model.load(copied)
