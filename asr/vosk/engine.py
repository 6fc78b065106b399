"""Vosk as an ``Engine``: one shared model, one recogniser a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asr.vosk.models import folder_of
from asr.vosk.settings import VoskSettings
from gateway.errors import ConfigError
from gateway.ports.recogniser import Recognised

_BETWEEN_CJK = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


class VoskEngine:
    """Implements ``Engine``."""

    name = "vosk"

    def __init__(self, folder: Path, language: str) -> None:
        """Load the model in ``folder``; ``ConfigError`` when the package is not installed or the folder is no model."""
        try:
            import vosk  # noqa: PLC0415 - optional
        except ImportError:
            raise ConfigError(["engine 'vosk' needs the package vosk: pip install 'hotline-gateway[vosk]'"]) from None
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(model_path=str(folder))
        except Exception:  # noqa: BLE001 - the package raises nothing narrower
            raise ConfigError([f"{folder} is no Vosk model (am/, conf/, graph/ are expected in it)"]) from None
        self._recogniser = vosk.KaldiRecognizer
        self._language = language

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> VoskStream:  # noqa: ARG002 - the port's; one model speaks one language
        """A new stream; Vosk resamples by itself."""
        recogniser = self._recogniser(self._model, rate)
        recogniser.SetWords(True)
        return VoskStream(recogniser, self._language)


class VoskStream:
    """Implements ``EngineStream``."""

    def __init__(self, recogniser: Any, language: str) -> None:
        """Called by ``VoskEngine.stream``."""
        self._recogniser = recogniser
        self._language = language

    def accept(self, pcm: bytes) -> list[Recognised]:
        """Take audio; the segment it ended, if any."""
        if not self._recogniser.AcceptWaveform(pcm):
            return []
        return self._segments(self._recogniser.Result())

    def partial(self) -> str:
        """The words so far."""
        return _joined(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))

    def finish(self) -> list[Recognised]:
        """The last segment."""
        return self._segments(self._recogniser.FinalResult())

    @property
    def speech_ms(self) -> None:
        """Unknown: Vosk takes any sound for words."""
        return

    def _segments(self, answer: str) -> list[Recognised]:
        found = json.loads(answer)
        words = found.get("result") or []
        if not found.get("text") or not words:
            return []
        return [
            Recognised(
                start_ms=round(1000 * words[0]["start"]),
                end_ms=round(1000 * words[-1]["end"]),
                text=_joined(found["text"]),
                language=self._language,
                confidence=round(sum(word["conf"] for word in words) / len(words), 3),
            )
        ]


def _joined(text: str) -> str:
    """Vosk puts a blank after every word, Chinese ones too."""
    return _BETWEEN_CJK.sub("", text)


def load(settings: VoskSettings, models_dir: Path) -> VoskEngine:
    """Find, verify and load the configured model."""
    return VoskEngine(folder_of(settings, models_dir), settings.language)
