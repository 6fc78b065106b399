"""The ``vosk`` engine: true streaming, with a model that the operator brings."""

from __future__ import annotations

from pathlib import Path

from asr.vosk.models import LISTED, VoskModels
from asr.vosk.settings import VoskSettings
from gateway.ports.recogniser import Engine, EngineSpec


def _load(settings: VoskSettings, models_dir: Path) -> Engine:
    from asr.vosk.engine import load  # noqa: PLC0415 - the package is optional, `gateway check` works without it

    return load(settings, models_dir)


SPEC = EngineSpec(
    name="vosk", settings=VoskSettings, load=_load, streaming=True, models=tuple(LISTED.values()), store=VoskModels()
)
