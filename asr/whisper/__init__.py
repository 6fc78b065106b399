"""The ``whisper`` engine: faster-whisper base, int8, on segments; works on a bare machine, zh and en."""

from __future__ import annotations

from pathlib import Path

from asr.whisper.files import SETS
from asr.whisper.settings import WhisperSettings
from asr.whisper.store import WhisperModels
from gateway.ports.recogniser import Engine, EngineSpec, ModelFile


def _load(settings: WhisperSettings, models_dir: Path) -> Engine:
    from asr.whisper.engine import load  # noqa: PLC0415 - `gateway check` reads the SPEC without loading numpy

    return load(settings, models_dir)


SPEC = EngineSpec(
    name="whisper",
    settings=WhisperSettings,
    load=_load,
    store=WhisperModels(),
    models=tuple(
        ModelFile(
            name=found.folder,
            path=f"{found.folder}/model.bin",
            sha256=found.sha256["model.bin"],
            description=found.description,
        )
        for found in SETS
    ),
)
