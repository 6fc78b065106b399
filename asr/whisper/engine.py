"""The default recogniser: Whisper base on segments that two detectors found."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from asr.whisper.decoder import Decoder
from asr.whisper.files import find
from asr.whisper.gate import JudgedSegment, reason_to_drop
from asr.whisper.loops import without_loop
from asr.whisper.segmenter import Segmenter, Speech
from asr.whisper.settings import WhisperSettings
from gateway.ports.recogniser import Recognised
from gateway.telemetry import log

RATES = (8_000, 16_000)
_log = log.get("whisper")


class WhisperEngine:
    """Implements ``Engine``; one model for all streams."""

    name = "whisper"

    def __init__(self, settings: WhisperSettings, folder: Path) -> None:
        """Load the model in ``folder``, which has been verified."""
        self.settings = settings
        self.decoder = Decoder(folder, cpu_threads=settings.cpu_threads, beam_size=settings.beam_size)

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> WhisperStream:
        """A new stream; ``ValueError`` for a rate other than 8000 or 16000 Hz."""
        if rate not in RATES:
            raise ValueError(f"sample rate {rate} is not supported; use 8000 or 16000")
        return WhisperStream(self, rate=rate, languages=tuple(languages), hotwords=tuple(hotwords))


class WhisperStream:
    """Implements ``EngineStream``."""

    def __init__(
        self, engine: WhisperEngine, *, rate: int, languages: tuple[str, ...], hotwords: tuple[str, ...]
    ) -> None:
        """Called by ``WhisperEngine.stream``."""
        settings = engine.settings
        self._engine = engine
        self._languages = languages
        self._hotwords = hotwords
        self._previous: str | None = None
        self._speech_ms = 0
        self._segmenter = Segmenter(
            rate=rate,
            pause_ms=settings.pause_ms,
            max_segment_ms=settings.max_segment_ms,
            threshold=settings.speech_threshold,
        )

    def accept(self, pcm: bytes) -> list[Recognised]:
        """Take audio; the segments it ended."""
        return self._recognised(self._segmenter.accept(pcm))

    def partial(self) -> str:
        """Whisper has no words before a segment's end."""
        return ""

    def finish(self) -> list[Recognised]:
        """The last segment."""
        return self._recognised(self._segmenter.finish())

    @property
    def speech_ms(self) -> int:
        """Speech in the segments so far, those among them that the gate dropped included."""
        return self._speech_ms

    def _recognised(self, segments: list[Speech]) -> list[Recognised]:
        return [heard for segment in segments if (heard := self._one(segment)) is not None]

    def _one(self, speech: Speech) -> Recognised | None:
        self._speech_ms += speech.voiced_ms
        decoded = self._engine.decoder.decode(
            speech.samples, languages=self._languages, previous=self._previous, hotwords=self._hotwords
        )
        heard = JudgedSegment(
            text=decoded.text,
            logprob=decoded.logprob,
            no_speech=decoded.no_speech,
            voiced_ms=speech.voiced_ms,
            prompt=decoded.prompt,
        )
        reason = reason_to_drop(heard, self._engine.settings)
        if reason is not None:
            _log.debug(
                "segment_dropped",
                reason=reason,
                start_ms=speech.start_ms,
                end_ms=speech.end_ms,
                logprob=round(decoded.logprob, 2),
                no_speech=round(decoded.no_speech, 2),
                pii_text=decoded.text,
            )
            return None
        self._previous = decoded.language
        return Recognised(
            start_ms=speech.start_ms,
            end_ms=speech.end_ms,
            text=without_loop(decoded.text, speech.voiced_ms),
            language=decoded.language,
            confidence=round(math.exp(decoded.logprob), 3),
        )


def load(settings: WhisperSettings, models_dir: Path) -> WhisperEngine:
    """Verify the model's files and load it; ``ConfigError`` when there is none that may be used."""
    return WhisperEngine(settings, find(models_dir))
