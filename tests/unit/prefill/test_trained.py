"""Models that come, change and break while the gateway runs."""

from __future__ import annotations

import os
import shutil
import threading
import time

import pytest
from structlog.testing import capture_logs

from gateway.errors import ConfigError
from gateway.prefill import dataset, model, training
from gateway.prefill.trained import LOOK_EVERY_S, TrainedModels
from tests.unit.prefill import desk_texts

pytestmark = pytest.mark.unit
WORDS = "门前的路灯又不亮"


def make(folder, rows, target="category"):
    """A model of ``rows`` in ``folder``."""
    texts, labels = zip(*rows, strict=True)
    about = training.About(target=target, trained_at="2026-01-01T00:00:00+00:00", data="rows.csv")
    trained = training.train(dataset.Rows(texts, labels, "0"), about, lambda _: None)
    model.save(folder, trained.card, trained.names, trained.arrays)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    base = tmp_path_factory.mktemp("made")
    make(base / "first", desk_texts.rows())
    make(base / "second", [(text, f"新-{label}") for text, label in desk_texts.rows()])
    return base


@pytest.fixture(autouse=True)
def told():
    """What is logged; other tests may have left the log on a stream that is closed by now."""
    with capture_logs() as entries:
        yield entries


def labels(models: TrainedModels) -> list[str]:
    return [guess.value for guess in models.opinions(WORDS)]


def put(source, target):
    """Replace a model the way training does: weights first, the card last."""
    target.mkdir(parents=True, exist_ok=True)
    for name in (model.WEIGHTS, model.CARD):
        shutil.copy(source / name, target / "x.new")
        os.replace(target / "x.new", target / name)  # noqa: PTH105 - atomic also over an existing file


def test_a_new_a_changed_and_a_removed_model_count_without_a_restart(made, tmp_path):
    models = TrainedModels.read(tmp_path)
    assert labels(models) == []
    put(made / "first", tmp_path / "category")
    models.look()
    assert labels(models) == ["道路"]
    put(made / "second", tmp_path / "category")
    models.look()
    assert labels(models) == ["新-道路"]
    shutil.rmtree(tmp_path / "category")
    models.look()
    assert labels(models) == []


def test_a_broken_new_model_is_told_once_and_the_old_one_stays(made, tmp_path, told):
    put(made / "first", tmp_path / "category")
    models = TrainedModels.read(tmp_path)
    card = tmp_path / "category" / model.CARD
    card.write_text(card.read_text(encoding="utf-8").replace('"format_version": 1', '"format_version": 99'), "utf-8")
    models.look()
    models.look()
    assert labels(models) == ["道路"]
    refused = [entry for entry in told if entry["event"] == "prefill_model_refused"]
    assert len(refused) == 1
    assert "format 99" in refused[0]["problem"]
    put(made / "second", tmp_path / "category")
    models.look()
    assert labels(models) == ["新-道路"]


def test_a_second_model_for_a_target_does_not_push_out_the_first(made, tmp_path):
    put(made / "first", tmp_path / "z")
    models = TrainedModels.read(tmp_path)
    put(made / "second", tmp_path / "a")
    models.look()
    assert labels(models) == ["道路"]
    with pytest.raises(ConfigError, match="second model for category"):
        TrainedModels.read(tmp_path)


def test_reading_makes_it_look_but_not_at_every_text(made, tmp_path):
    now = [0.0]
    models = TrainedModels.read(tmp_path, lambda: now[0])
    put(made / "first", tmp_path / "category")
    assert labels(models) == []
    assert not [t for t in threading.enumerate() if t.name == "prefill-models"]
    now[0] = LOOK_EVERY_S
    labels(models)
    for thread in [t for t in threading.enumerate() if t.name == "prefill-models"]:
        thread.join(20)
    deadline = time.monotonic() + 20
    while not labels(models) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert labels(models) == ["道路"]
