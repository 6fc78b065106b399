"""A fast engine that implements the port, and sounds for it: a "word" is a tone, its text the tone's number."""

from __future__ import annotations

import time
from array import array
from collections.abc import Sequence

import numpy as np

from gateway.media.g711 import pcm16_to_alaw
from gateway.ports.recogniser import Recognised

RATE = 8_000
WORD_MS, GAP_MS, PAUSE_MS = 300, 300, 100
FRAME_MS = 10


def word(number: int) -> bytes:
    """A-law of one word and the silence behind it; numbers up to 80 fit below 4 kHz."""
    t = np.arange(RATE * WORD_MS // 1000) / RATE
    tone = (12_000 * np.sin(2 * np.pi * (300 + 40 * (number % 80)) * t)).astype("<i2").tobytes()
    return pcm16_to_alaw(tone + bytes(2 * RATE * GAP_MS // 1000))


def words(count: int, first: int = 0) -> bytes:
    return b"".join(word(number) for number in range(first, first + count))


def begin_ms(number: int) -> int:
    return number * (WORD_MS + GAP_MS)


class BurstEngine:
    """Hears tones. ``slow_s`` is how long it thinks about a word; it fails at the word ``fails_at``."""

    name = "bursts"

    def __init__(self, slow_s: float = 0.0, fails_at: str = "") -> None:
        self.slow_s = slow_s
        self.fails_at = fails_at
        self.opened: list[tuple[int, tuple[str, ...], tuple[str, ...]]] = []

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> BurstStream:
        self.opened.append((rate, tuple(languages), tuple(hotwords)))
        return BurstStream(rate, self.slow_s, self.fails_at)


class BurstStream:
    def __init__(self, rate: int, slow_s: float, fails_at: str) -> None:
        self._frame = rate * FRAME_MS // 1000
        self._rate = rate
        self._slow_s = slow_s
        self._fails_at = fails_at
        self._rest = array("h")
        self._now_ms = 0
        self._tone = array("h")
        self._quiet_ms = 0

    def accept(self, pcm: bytes) -> list[Recognised]:
        self._rest.frombytes(pcm)
        ended = []
        while len(self._rest) >= self._frame:
            frame, self._rest = self._rest[: self._frame], self._rest[self._frame :]
            self._now_ms += FRAME_MS
            if max(frame) > 3_000:
                self._tone += frame
                self._quiet_ms = 0
            elif self._tone:
                self._quiet_ms += FRAME_MS
                if self._quiet_ms >= PAUSE_MS:
                    ended.append(self._end())
        return ended

    @property
    def speech_ms(self) -> None:
        return None

    def partial(self) -> str:
        return "…" if self._tone else ""

    def finish(self) -> list[Recognised]:
        return [self._end()] if self._tone else []

    def _end(self) -> Recognised:
        time.sleep(self._slow_s)
        samples = np.array(self._tone)
        seconds = len(samples) / self._rate
        crossings = np.count_nonzero(np.diff(np.signbit(samples)))
        end = self._now_ms - self._quiet_ms
        number = round((crossings / 2 / seconds - 300) / 40)
        self._tone, self._quiet_ms = array("h"), 0
        if self._fails_at == f"w{number}":
            raise RuntimeError("the engine cannot bear this word")
        return Recognised(
            start_ms=end - round(1000 * seconds), end_ms=end, text=f"w{number}", language="zh", confidence=0.9
        )
