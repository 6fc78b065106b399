"""One segment of speech to text: language among those allowed, beam search at temperature 0, simplified characters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from asr.whisper.detector import Samples

LEAST_FRAMES = 800
"""The encoder hears at least 8 s: with less around it, the model repeats itself (measured, README)."""
TRAILING_FRAMES = 400
"""And 4 s of silence after the last word, so that it knows where to stop."""
FLOOR_BELOW_PEAK = 2.0
"""Silence in the model's features: they reach from their maximum down to so much less (80 dB). Zero, which
faster-whisper fills up with, is a loud hiss; in it the model looks for words and says its sentence again."""
MOST_FRAMES = 3000
MAX_TOKENS = 220
TOKENS_PER_SECOND = 20
"""A rare Chinese character is three tokens; nobody speaks more. It bounds what a loop costs."""
SPARE_TOKENS = 16
HOTWORD_TOKENS = 100
"""Some thirty Chinese words: the first ones that fit are taken."""
SWITCH_PROBABILITY = 0.6
"""Another language than the speaker's last needs so much probability, or more when the segment is short."""
SHORT_S = 1.5
SHORT_SWITCH_PROBABILITY = 0.85

_CJK = "\u3400-\u9fff"
_SPACE_BETWEEN_CJK = re.compile(rf"(?<=[{_CJK}，。？！、])\s+(?=[{_CJK}])")
_ASCII_PUNCTUATION = re.compile(rf"(?<=[{_CJK}])\s*([,?!;:])\s*")
_FULL_WIDTH = {",": "，", "?": "？", "!": "！", ";": "；", ":": "："}
_TRADITIONAL_ZHE = re.compile(r"(?<![显名原编土卓专论巨遗译合著])著(?![名作称者述录])")
"""OpenCC leaves 著 alone, which is right in 著名 and traditional in 随著."""
_PERIOD_AT_END = re.compile(rf"(?<=[{_CJK}])\.$")


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedSegment:
    """What the model made of a segment."""

    text: str
    language: str
    logprob: float
    no_speech: float
    prompt: str


@cache
def _simplifier() -> Any:
    import opencc  # noqa: PLC0415 - its dictionaries load in a tenth of a second, only when a model runs

    return opencc.OpenCC("t2s")


def tidy(text: str, language: str) -> str:
    """Simplified characters and full-width punctuation in Chinese text; other text as it is."""
    text = text.strip()
    if language != "zh":
        return text
    text = _TRADITIONAL_ZHE.sub("着", _simplifier().convert(text))
    text = _SPACE_BETWEEN_CJK.sub("", text)
    text = _ASCII_PUNCTUATION.sub(lambda m: _FULL_WIDTH[m.group(1)], text)
    return _PERIOD_AT_END.sub("。", text)


def followed_by_silence(features: Samples, frames: int) -> Samples:
    """The features of one segment as a batch of one, filled up or cut to ``frames``."""
    missing = max(0, frames - features.shape[-1])
    floor = features.max() - FLOOR_BELOW_PEAK
    filled = np.pad(features, ((0, 0), (0, missing)), constant_values=floor)
    return np.ascontiguousarray(filled[None, :, :frames])


class Decoder:
    """The loaded model. Calls from several threads are allowed; each runs with ``cpu_threads``."""

    def __init__(self, folder: Path, *, cpu_threads: int, beam_size: int) -> None:
        """Load from ``folder``, whose files have been verified."""
        from faster_whisper import WhisperModel  # noqa: PLC0415 - half a second and 100 MB, only where it is used
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415 - as above
        from faster_whisper.transcribe import get_suppressed_tokens  # noqa: PLC0415 - as above

        self._whisper = WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=cpu_threads, local_files_only=True
        )
        self._model = self._whisper.model
        self._tokenizer = {
            language: Tokenizer(self._whisper.hf_tokenizer, multilingual=True, task="transcribe", language=language)
            for language in ("zh", "en", "ko")
        }
        self._suppressed = list(get_suppressed_tokens(self._tokenizer["zh"], [-1]))
        self._beam_size = beam_size

    def decode(
        self, samples: Samples, *, languages: Sequence[str], previous: str | None, hotwords: Sequence[str]
    ) -> DecodedSegment:
        """``samples`` at 16 kHz, at most 30 s; ``previous``: the language spoken before."""
        from faster_whisper.transcribe import get_ctranslate2_storage  # noqa: PLC0415 - loaded already

        features = self._whisper.feature_extractor(samples)
        frames = min(MOST_FRAMES, max(LEAST_FRAMES, features.shape[-1] + TRAILING_FRAMES))
        encoded = self._model.encode(get_ctranslate2_storage(followed_by_silence(features, frames)))
        seconds = len(samples) / 16_000
        language = self._language(encoded, languages, previous, seconds)
        tokenizer = self._tokenizer[language]
        prompt, hint = self._prompt(tokenizer, language, hotwords)
        limit = min(MAX_TOKENS, SPARE_TOKENS + int(TOKENS_PER_SECOND * seconds))
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=self._beam_size,
            # Prompt and text together may have so many tokens, and the text no more than half of them.
            max_length=max(2 * limit, limit + len(prompt)),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )[0]
        tokens = result.sequences_ids[0]
        return DecodedSegment(
            text=tidy(tokenizer.decode(tokens), language),
            language=language,
            logprob=float(result.scores[0]) * len(tokens) / (len(tokens) + 1),
            no_speech=float(result.no_speech_prob),
            prompt=hint,
        )

    def _language(self, encoded: Any, languages: Sequence[str], previous: str | None, seconds: float) -> str:
        allowed = [language for language in languages if language in self._tokenizer] or ["zh"]
        if len(allowed) == 1:
            return allowed[0]
        found = {token.strip("<|>"): p for token, p in self._model.detect_language(encoded)[0]}
        total = sum(found.get(language, 0.0) for language in allowed) or 1.0
        best = max(allowed, key=lambda language: found.get(language, 0.0))
        home = previous if previous in allowed else allowed[0]
        needed = SHORT_SWITCH_PROBABILITY if seconds < SHORT_S else SWITCH_PROBABILITY
        return best if best == home or found.get(best, 0.0) / total >= needed else home

    @staticmethod
    def _prompt(tokenizer: Any, language: str, hotwords: Sequence[str]) -> tuple[list[int], str]:
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        separator = "、" if language == "zh" else ", "
        fitting: list[str] = []
        tokens: list[int] = []
        for word in hotwords:
            if language == "en" and not word.isascii():
                continue
            longer = tokenizer.encode(" " + separator.join([*fitting, word]))
            if len(longer) > HOTWORD_TOKENS:
                break
            fitting.append(word)
            tokens = longer
        return ([tokenizer.sot_prev, *tokens, *start] if fitting else start), separator.join(fitting)
