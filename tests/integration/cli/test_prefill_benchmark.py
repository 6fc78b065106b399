"""The pre-fill model beside the plainest model, on made-up messages and on public benchmarks; trains for minutes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from bench.similar import made_up
from gateway.cli import main
from tests.support.data import OWN, each

pytestmark = pytest.mark.integration
LEARNT, ASKED = 3_000, 600


def made(path: Path, count: int, seed: int) -> Path:
    """A table of made-up messages with their topics."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows((entry.text, entry.topic) for entry in made_up(count, seed))
    return path


@pytest.mark.soak
@pytest.mark.parametrize("folder", each("data", own=OWN))
def test_on_the_benchmark_it_is_better_than_the_baseline(folder: Path, tmp_path, capsys):
    if folder == OWN:
        learnt, data = made(tmp_path / "learnt.csv", LEARNT, seed=1), made(tmp_path / "asked.csv", ASKED, seed=2)
    else:
        learnt, data = folder / "seven_class_train_stripped.csv", folder / "seven_class_raw_dev.csv"
    argv = ["prefill", "train", "--data", str(learnt), "--target", "category", "--out", str(tmp_path / "m")]
    assert main(argv) == 0
    capsys.readouterr()
    assert main(["prefill", "eval", "--model", str(tmp_path / "m"), "--data", str(data), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["accuracy"] > answer["baseline"]["accuracy"]
    assert answer["accuracy"] >= 0.86
    assert answer["macro_f1"] >= 0.86
    assert answer["calibration"]["accuracy"] >= 0.95
