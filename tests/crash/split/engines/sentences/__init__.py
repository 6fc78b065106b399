"""An engine that needs no model and hears a sentence in every two seconds of any sound."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from gateway.ports.recogniser import EngineSpec, Recognised

SENTENCE_MS = 2000


class Settings(BaseModel):
    """It has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sentences:
    """An engine's stream."""

    speech_ms = None

    def __init__(self, rate: int) -> None:
        self._rate, self._bytes, self._said = rate, 0, 0

    def accept(self, pcm: bytes) -> list[Recognised]:
        self._bytes += len(pcm)
        heard = []
        while (self._said + 1) * SENTENCE_MS <= self._bytes * 500 // self._rate:
            heard.append(self._sentence((self._said + 1) * SENTENCE_MS))
        return heard

    def partial(self) -> str:
        return ""

    def finish(self) -> list[Recognised]:
        return []

    def _sentence(self, end_ms: int) -> Recognised:
        self._said += 1
        return Recognised(start_ms=end_ms - SENTENCE_MS, end_ms=end_ms, text="路灯坏了", language="zh")


class Engine:
    """Needs no model."""

    name = "sentences"

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> Sentences:
        return Sentences(rate)


SPEC = EngineSpec(name="sentences", settings=Settings, load=lambda _settings, _models_dir: Engine())
