"""``tests.integration.recognition.bursts`` as an engine that ``[asr] engine`` can name."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gateway.ports.recogniser import EngineSpec
from tests.integration.recognition.bursts import BurstEngine


class BurstSettings(BaseModel):
    """``slow_s``: how long it thinks about a word."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    slow_s: float = 0.0


def _load(settings: BurstSettings, _models_dir: Path) -> BurstEngine:
    return BurstEngine(settings.slow_s)


SPEC = EngineSpec(name="bursts", settings=BurstSettings, load=_load)
