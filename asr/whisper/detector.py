"""Speech detection: energy first, which is cheap, then silero (its model ships inside faster-whisper)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
WINDOW = 512
"""Samples that silero judges at once: 32 ms."""
CONTEXT = 64
"""Samples of the window before that it wants to see as well."""
STATE = (1, 1, 128)
QUIET_RMS = 0.0012
"""Below -58 dBFS nobody speaks into a telephone; comfort noise and idle lines lie there."""
FLOOR_RATIO = 1.6
"""Speech stands out of the line's own noise at least by so much (4 dB)."""
FLOOR_RISE = 1.01
"""How fast the noise floor follows a line that gets louder, per window."""
LEAD_WINDOWS = 8
"""Windows before the rise in energy that silero is given as well: soft onsets lie in them."""

Samples = npt.NDArray[np.float32]


def _half_band() -> Samples:
    """Odd phase of a 2x interpolator: windowed sinc, 24 taps, flat to 3.4 kHz."""
    taps = 24
    t = np.arange(taps) - taps / 2 + 0.5
    kernel = np.sinc(t) * np.kaiser(taps, 6.0)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


class Upsampler:
    """8 kHz to 16 kHz, in pieces of any size. The delay is 0.75 ms."""

    def __init__(self) -> None:
        """Silence before the first sample."""
        self._kernel = _half_band()
        self._past = np.zeros(len(self._kernel) - 1, dtype=np.float32)

    def __call__(self, samples: Samples) -> Samples:
        """The samples so far at twice the rate."""
        line = np.concatenate((self._past, samples))
        between = np.convolve(line, self._kernel, mode="valid")
        half = len(self._kernel) // 2
        out = np.empty(2 * len(between), dtype=np.float32)
        out[0::2] = line[half - 1 : half - 1 + len(between)]
        out[1::2] = between
        self._past = line[len(line) - len(self._past) :]
        return out


@cache
def _silero() -> Any:
    from faster_whisper.vad import get_vad_model  # noqa: PLC0415 - loading onnxruntime takes half a second

    return get_vad_model().session


class SpeechDetector:
    """Gives a speech probability for every window of one stream; keeps silero's memory from call to call."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self._session = _silero()
        self._floor = 0.0
        self._asleep = True
        self._lead: list[Samples] = []
        self._forget()

    def _forget(self) -> None:
        self._h = np.zeros(STATE, dtype=np.float32)
        self._c = np.zeros(STATE, dtype=np.float32)
        self._context = np.zeros(CONTEXT, dtype=np.float32)

    def probabilities(self, windows: Samples, *, listening: bool) -> npt.NDArray[np.float32]:
        """One probability for each row of ``windows`` (n, WINDOW); ``listening``: a segment is under way."""
        loud = self._loud(windows)
        if not listening and not loud.any():
            self._asleep = True
            self._lead = [*self._lead, *windows][-LEAD_WINDOWS:]
            return np.zeros(len(windows), dtype=np.float32)
        lead = 0
        if self._asleep:
            self._asleep = False
            self._forget()
            lead = len(self._lead)
            windows = np.concatenate((np.stack(self._lead), windows)) if lead else windows
            self._lead = []
        contexts = np.concatenate((self._context[None], windows[:-1, -CONTEXT:]))
        self._context = windows[-1, -CONTEXT:]
        out, self._h, self._c = self._session.run(
            None, {"input": np.concatenate((contexts, windows), axis=1), "h": self._h, "c": self._c}
        )
        return np.asarray(out, dtype=np.float32).reshape(-1)[lead:]

    def _loud(self, windows: Samples) -> npt.NDArray[np.bool_]:
        levels = np.sqrt(np.mean(windows * windows, axis=1))
        loud = np.empty(len(levels), dtype=np.bool_)
        for i, level in enumerate(levels):
            self._floor = min(float(level), self._floor * FLOOR_RISE) if self._floor else float(level)
            self._floor = max(self._floor, QUIET_RMS / FLOOR_RATIO)
            loud[i] = level >= self._floor * FLOOR_RATIO
        return loud
