"""The real model and real speech, where they are; tests that need them skip with a reason where they are not."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from asr.whisper.engine import WhisperEngine, load
from asr.whisper.files import BASE
from asr.whisper.settings import WhisperSettings
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from gateway.settings.sections import INSTALLATION

MODELS = INSTALLATION / "models"
SPEECH = INSTALLATION.parent / "shared" / "speech"


def models_dir() -> Path:
    if not (MODELS / BASE.folder / "model.bin").is_file():
        pytest.skip(f"no model in {MODELS}: `make setup` fetches it")
    return MODELS


@cache
def _loaded() -> WhisperEngine:
    return load(WhisperSettings(cpu_threads=1), MODELS)


def whisper() -> WhisperEngine:
    models_dir()
    return _loaded()


def utterances(language: str = "zh") -> list[tuple[Path, str]]:
    """Real speech and what is said in it."""
    manifest = SPEECH / "manifest.tsv"
    if not manifest.is_file():
        pytest.skip(f"{manifest} is not there: real speech is kept beside the repository")
    with manifest.open(encoding="utf-8") as file:
        return [(SPEECH / r["wav"], r["text"]) for r in csv.DictReader(file, delimiter="\t") if r["lang"] == language]


def telephone(path: Path) -> bytes:
    """A file as a telephone gives it: A-law, 8 kHz."""
    pcm, rate = read_speech(path)
    return pcm16_to_alaw(resample(pcm, rate, 8_000))
