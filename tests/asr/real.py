"""The real model, where it is (tests that need it skip with a reason where it is not), and speech as a call has it."""

from __future__ import annotations

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


def telephone(path: Path) -> bytes:
    """A file as a telephone gives it: A-law, 8 kHz."""
    pcm, rate = read_speech(path)
    return pcm16_to_alaw(resample(pcm, rate, 8_000))
