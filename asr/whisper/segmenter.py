"""Cuts a stream into segments of speech as it comes: at pauses, or at the quietest place when nobody pauses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asr.whisper.detector import RATE, WINDOW, Samples, SpeechDetector, Upsampler

WINDOW_MS = 1000 * WINDOW / RATE
BLOCK_WINDOWS = 8
"""The stream is judged in blocks of 256 ms counted from its beginning, however large the pieces are that it comes in:
the detectors keep a memory from call to call, and what is heard must not depend on how busy the machine was."""
BEFORE_WINDOWS = 20
"""Kept before the first window of speech (0.64 s). The model wants to hear the line before and after somebody speaks:
with a third of it, it made an eighth more errors, with digital silence instead twice as many."""
SHOWN_BEFORE = 6
SHOWN_AFTER = 6
"""A segment's times are those of its speech, and so many windows (192 ms) around it."""
MIN_SPEECH_WINDOWS = 5
"""Less speech than 160 ms is a click or a cough."""
HYSTERESIS = 0.15
"""Inside a segment a window counts as silence only below the threshold less this."""
IMPATIENT_AFTER = 0.5
"""From this share of the longest segment on, half a pause is enough to end it."""
CUT_SEARCH_WINDOWS = 190
"""A forced cut is made at the quietest place of the last 6 s."""
CUT_SMOOTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A segment: 16 kHz samples and where they begin and end in the stream, in milliseconds."""

    samples: Samples
    start_ms: int
    end_ms: int
    voiced_ms: int


class Segmenter:
    """One stream of 16-bit PCM in, segments out."""

    def __init__(self, *, rate: int, pause_ms: int, max_segment_ms: int, threshold: float) -> None:
        """``rate`` is 8000 or 16000 Hz."""
        self._upsampler = Upsampler() if rate == RATE // 2 else None
        self._detector = SpeechDetector()
        self._threshold = threshold
        self._pause = max(1, round(pause_ms / WINDOW_MS))
        self._longest = int(max_segment_ms / WINDOW_MS)
        self._block_bytes = 2 * BLOCK_WINDOWS * WINDOW * rate // RATE
        self._rest = b""
        self._windows: list[Samples] = []
        self._probabilities: list[float] = []
        self._first = 0
        """Number of the stream's window that ``_windows`` begins with."""
        self._ended_ms = 0
        self._speaking = False
        self._first_speech = self._last_speech = 0
        """Indices of the segment's first and of its newest window of speech, relative to ``_windows``."""

    @property
    def speaking(self) -> bool:
        """Whether a segment is under way."""
        return self._speaking

    def accept(self, pcm: bytes) -> list[Speech]:
        """The segments that this piece of audio ended."""
        data = self._rest + pcm
        whole = len(data) - len(data) % self._block_bytes
        self._rest = data[whole:]
        ended = []
        for at in range(0, whole, self._block_bytes):
            ended += self._judge(self._windows_of(data[at : at + self._block_bytes]))
        return ended

    def finish(self) -> list[Speech]:
        """The segment under way, if any."""
        ended = []
        if last := self._rest[: len(self._rest) & ~1]:
            ended = self._judge(self._windows_of(last))
        self._rest = b""
        if self._speaking:
            ended += self._cut(len(self._windows))
        return ended

    def _windows_of(self, pcm: bytes) -> Samples:
        """At 16 kHz, in rows of a window; the last one is filled with silence."""
        samples: Samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
        if self._upsampler is not None:
            samples = self._upsampler(samples)
        return np.pad(samples, (0, -len(samples) % WINDOW)).reshape(-1, WINDOW)

    def _judge(self, windows: Samples) -> list[Speech]:
        ended: list[Speech] = []
        probabilities = self._detector.probabilities(windows, listening=self._speaking)
        for window, probability in zip(windows, probabilities.tolist(), strict=True):
            self._windows.append(window)
            self._probabilities.append(probability)
            ended += self._step(probability)
        return ended

    def _step(self, probability: float) -> list[Speech]:
        now = len(self._windows) - 1
        if not self._speaking:
            if probability >= self._threshold:
                self._speaking = True
                self._first_speech = self._last_speech = now
            elif len(self._windows) > BEFORE_WINDOWS:
                self._drop(len(self._windows) - BEFORE_WINDOWS)
            return []
        if probability >= self._threshold - HYSTERESIS:
            self._last_speech = now
        pause = self._pause
        if len(self._windows) > self._longest * IMPATIENT_AFTER:
            pause = max(1, pause // 2)
        if now - self._last_speech >= pause:
            return self._cut(len(self._windows))
        if len(self._windows) >= self._longest:
            return self._cut(self._quietest(), go_on=True)
        return []

    def _quietest(self) -> int:
        begin = max(1, len(self._windows) - CUT_SEARCH_WINDOWS)
        levels = np.array([float(np.mean(w * w)) for w in self._windows[begin:]])
        smooth = np.convolve(levels, np.ones(CUT_SMOOTH) / CUT_SMOOTH, mode="same")
        inner = smooth[CUT_SMOOTH:-CUT_SMOOTH]
        return begin + CUT_SMOOTH + int(np.argmin(inner))

    def _cut(self, end: int, *, go_on: bool = False) -> list[Speech]:
        """Hand out the windows before ``end``; ``go_on``: the speaker has not paused."""
        voiced = sum(p >= self._threshold for p in self._probabilities[self._first_speech : end])
        shown_from = max(0, self._first_speech - SHOWN_BEFORE)
        shown_to = end if go_on else min(end, self._last_speech + 1 + SHOWN_AFTER)
        speech = Speech(
            samples=np.concatenate(self._windows[:end]),
            start_ms=max(self._ended_ms, round((self._first + shown_from) * WINDOW_MS)),
            end_ms=round((self._first + shown_to) * WINDOW_MS),
            voiced_ms=round(voiced * WINDOW_MS),
        )
        self._ended_ms = speech.end_ms
        self._speaking = go_on
        if go_on:
            self._drop(end)
            self._first_speech, self._last_speech = 0, len(self._windows) - 1
        else:
            # The next segment may begin with this one's silence, never with its words.
            self._drop(max(self._last_speech + 1, len(self._windows) - BEFORE_WINDOWS))
        return [speech] if voiced >= MIN_SPEECH_WINDOWS else []

    def _drop(self, count: int) -> None:
        del self._windows[:count]
        del self._probabilities[:count]
        self._first += count
