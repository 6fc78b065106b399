"""Keys of ``[asr.options]`` for this engine."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class VoskSettings(BaseModel):
    """Which model to use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "vosk-model-small-cn-0.22"
    """A folder in ``models_dir``, or the path of one."""
    language: str = "zh"
    """What the model speaks; written on every segment."""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Digest of a model folder that is not a listed one (README); empty: used as it is."""
