"""The pre-fill model on public benchmark messages, beside the plainest model; trains for minutes."""

from __future__ import annotations

import json

import pytest

from gateway.cli import main
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.integration

SHARED = INSTALLATION.parent / "shared" / "data"


@pytest.mark.soak
@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no benchmark data at {SHARED}")
def test_on_the_benchmark_it_is_better_than_the_baseline(tmp_path, capsys):
    learnt = SHARED / "seven_class_train_stripped.csv"
    argv = ["prefill", "train", "--data", str(learnt), "--target", "category", "--out", str(tmp_path / "m")]
    assert main(argv) == 0
    capsys.readouterr()
    data = SHARED / "seven_class_raw_dev.csv"
    assert main(["prefill", "eval", "--model", str(tmp_path / "m"), "--data", str(data), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["accuracy"] > answer["baseline"]["accuracy"]
    assert answer["accuracy"] >= 0.86
    assert answer["macro_f1"] >= 0.86
    assert answer["calibration"]["accuracy"] >= 0.95
