"""``gateway prefill``: from a CSV to a model, its figures, and a filled form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.cli.prefill import prefilled
from gateway.domain.guess import Guess, Reading
from tests.unit.prefill import desk_texts

pytestmark = pytest.mark.unit


def train(data: Path, out: Path) -> int:
    return main(["prefill", "train", "--data", str(data), "--target", "category", "--out", str(out)])


def test_train_eval_predict(tmp_path, capsys, monkeypatch):
    data = desk_texts.write(tmp_path / "rows.csv", desk_texts.rows())
    config = tmp_path / "config"
    assert train(data, config / "models" / "category") == 0
    told = capsys.readouterr()
    assert "truth \\ given" in told.out
    assert "cross-validation 5 of 5" in told.err
    assert (config / "models" / "category" / "report.html").is_file()

    argv = ["prefill", "eval", "--model", str(config / "models" / "category"), "--data", str(data)]
    assert main([*argv, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["n"] == len(desk_texts.rows())
    assert answer["accuracy"] > 0.95
    assert set(answer["baseline"]) == {"n", "accuracy", "macro_f1", "top2_accuracy"}

    monkeypatch.setenv("GATEWAY_CONFIG_DIR", str(config))
    assert main(["prefill", "predict", "--text", "请问小区夜里施工太吵找谁", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"demand", "place", "requester", "prefill"}
    assert answer["demand"]["category"]["code"] == "噪音"
    assert answer["demand"]["type"] == "consultation"
    assert answer["prefill"]["fields"]["demand.category"]["source"] == "model"
    assert answer["prefill"]["candidates"]["category"][0]["code"] == "噪音"


def test_eval_without_the_training_data_has_no_baseline(tmp_path, capsys):
    data = desk_texts.write(tmp_path / "rows.csv", desk_texts.rows())
    assert train(data, tmp_path / "m") == 0
    other = desk_texts.write(tmp_path / "other.csv", [("停水了", "供水"), ("多谢", "表扬")])
    data.unlink()
    capsys.readouterr()
    assert main(["prefill", "eval", "--model", str(tmp_path / "m"), "--data", str(other), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["baseline"] is None
    assert "are gone" in told.err
    assert "表扬" in told.err


def test_mistakes_are_one_clear_line(tmp_path, capsys):
    assert train(tmp_path / "none.csv", tmp_path / "m") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["prefill", "eval", "--model", str(tmp_path), "--data", "x.csv"]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["prefill", "predict", "--text", " "]) == 1
    assert not (tmp_path / "m").exists()


def test_an_unsure_guess_is_offered_and_not_filled():
    def guess(confidence: float) -> Guess:
        return Guess(path="demand.category", value="x", source="model", span=None, confidence=confidence)

    unsure = prefilled("停水", Reading((guess(0.3),)))
    assert unsure["demand"]["category"]["code"] is None
    assert unsure["prefill"]["fields"]["demand.category"]["value"] == "x"
    assert prefilled("停水", Reading((guess(0.8),)))["demand"]["category"]["code"] == "x"
