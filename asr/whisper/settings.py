"""Keys of ``[asr.options]`` for this engine."""

from __future__ import annotations

import os

from pydantic import BaseModel, ConfigDict, Field, model_validator


def default_threads() -> int:
    """One core stays free for calls; more than four do not speed the base model up."""
    return max(1, min(4, (os.cpu_count() or 1) - 1))


class WhisperSettings(BaseModel):
    """How to listen. The defaults were measured on telephone speech (README)."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    cpu_threads: int = Field(default_factory=default_threads, ge=1, le=64)
    """Threads of one recognition."""
    beam_size: int = Field(5, ge=1, le=10)
    """Hypotheses kept while decoding: 5 costs a tenth more time than 1 and makes a fifth fewer errors."""
    pause_ms: int = Field(700, ge=200, le=3000)
    """A segment ends when the speaker has been silent for so long."""
    max_segment_ms: int = Field(26_000, ge=5_000, le=29_000)
    """Longer speech is cut at its quietest place; the model hears at most 30 s at once."""
    speech_threshold: float = Field(0.5, gt=0, lt=1)
    """Silero's probability from which 32 ms count as speech."""
    max_no_speech: float = Field(0.6, gt=0, le=1)
    """A segment is dropped when the model thinks it no speech with this probability and is unsure of its words."""
    min_logprob: float = Field(-1.0, lt=0)
    """Mean log probability of a token below which the model is unsure."""
    max_compression: float = Field(2.4, gt=1)
    """Text that gzip shrinks by more than this repeats itself: not speech."""

    @model_validator(mode="after")
    def _order(self) -> WhisperSettings:
        if self.pause_ms * 2 > self.max_segment_ms:
            raise ValueError("pause_ms must be less than half of max_segment_ms")
        return self
