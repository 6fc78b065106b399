"""Keys heard as tones in the audio (ITU-T Q.23), for callers with whom no telephone events were agreed.

The limits are those that the administrations of ITU-T Q.24 have in common: a tone of 40 ms is a key and one of 23 ms is
none; a break of 10 ms is no pause and one of 40 ms is. Neither is one lost packet (20 ms) a pause. It costs about 10 us
a frame while somebody speaks, as ``audioop.findfactor`` correlates in C, and next to nothing on silence.
"""

from __future__ import annotations

import cmath
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from gateway.media.g711 import ALAW_SILENCE, audioop

RATE = 8000
LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
"""The two groups in Hz: one tone of each sounds for a key."""
KEYS = ("123A", "456B", "789C", "*0#D")
"""By low and high tone."""
WINDOW = 102
"""Samples of one look, 12.75 ms: long enough to tell tones apart, short enough for one that is 1.5 % off."""
HOP = 80
"""A look every 10 ms, twice a frame."""
HITS, MISSES = 3, 4
"""Looks in a row that make a key, and that end it."""
QUIETEST = 300
"""RMS of 16-bit samples (-38 dBm0) below which nothing is a key: Q.24 asks for those of -25 dBm and more."""
SHARE = 0.75
"""So much of the power is in the two tones: a voice has more beside them."""
TWIST = 6.3
"""8 dB between the two tones, either way."""
PEAK = 4.0
"""6 dB over every other tone of its group."""
FAR_OFF = 0.026
"""How far off a tone may be, by the advance of its phase: Q.24 takes what is 1.5 % off and refuses what is 3.5 %."""
SCALE = 16_000
BYTES = 2
SILENCE = bytes([ALAW_SILENCE]) * 160


def _wave(hz: int, wave: Callable[[float], float]) -> bytes:
    """One look's length of a tone."""
    angles = (2 * math.pi * hz * n / RATE for n in range(WINDOW))
    return array("h", (round(SCALE * wave(angle)) for angle in angles)).tobytes()


REFERENCES = tuple(tuple((_wave(hz, math.cos), _wave(hz, math.sin)) for hz in group) for group in (LOW, HIGH))
TURNS = tuple(tuple(cmath.exp(-2j * math.pi * hz * HOP / RATE) for hz in group) for group in (LOW, HIGH))
"""What takes a tone's own advance from one look to the next back."""
DRIFTS = tuple(tuple(2 * math.pi * hz * FAR_OFF * HOP / RATE for hz in group) for group in (LOW, HIGH))
"""How many radians may be left then."""


@dataclass(frozen=True, slots=True)
class _Look:
    """The strongest tone of each group (its place and complex amplitude) in a look that may be a key's."""

    places: tuple[int, int]
    amplitudes: tuple[complex, complex]

    @property
    def key(self) -> str:
        return KEYS[self.places[0]][self.places[1]]

    def continues(self, before: _Look) -> bool:
        """Whether both tones are the same as one hop ago and have the frequency of their names."""
        if self.places != before.places:
            return False
        for group, place in enumerate(self.places):
            moved = self.amplitudes[group] * before.amplitudes[group].conjugate() * TURNS[group][place]
            if abs(cmath.phase(moved)) > DRIFTS[group][place]:
                return False
        return True


class ToneKeys:
    """One stream's detector; call ``take`` once a frame, in order."""

    def __init__(self) -> None:
        self._rest = bytes(BYTES * (WINDOW - HOP))
        self._last: _Look | None = None
        self._hits = 0
        self._misses = 0
        self._down = ""

    def take(self, frame: bytes) -> str | None:
        """The key that is certain with this frame (20 ms, 160 A-law bytes); None otherwise, and while it is held."""
        pcm = self._rest + audioop.alaw2lin(frame, BYTES)
        self._rest = pcm[-BYTES * (WINDOW - HOP) :]
        first = self._step(_look(pcm[: BYTES * WINDOW]))
        second = self._step(_look(pcm[BYTES * HOP : BYTES * (HOP + WINDOW)]))
        return first or second

    def _step(self, look: _Look | None) -> str | None:
        continued = look is not None and self._last is not None and look.continues(self._last)
        self._hits = self._hits + 1 if continued else int(look is not None)
        self._last = look
        if look is not None and look.key == self._down:
            self._misses = 0
            return None
        self._misses += 1
        if self._misses >= MISSES:
            self._down = ""
        if look is None or self._hits < HITS:
            return None
        self._down, self._misses = look.key, 0
        return look.key


def _look(pcm: bytes) -> _Look | None:
    """What may be a key in one window of 16-bit samples."""
    level = audioop.rms(pcm, BYTES)
    if level < QUIETEST:
        return None
    total = level * level
    low = _strongest(pcm, 0, total)
    high = _strongest(pcm, 1, total) if low is not None else None
    if low is None or high is None or low[2] + high[2] < SHARE * total:
        return None
    if low[2] > TWIST * high[2] or high[2] > TWIST * low[2]:
        return None
    return _Look((low[0], high[0]), (low[1], high[1]))


def _strongest(pcm: bytes, group: int, total: float) -> tuple[int, complex, float] | None:
    """Place, amplitude and power of the tone that stands out of its group; None when none does.

    One that holds too little of ``total`` for any key is none, which spares most of the work on voices.
    """
    amplitudes = [
        complex(audioop.findfactor(pcm, cosine), -audioop.findfactor(pcm, sine)) for cosine, sine in REFERENCES[group]
    ]
    powers = [SCALE * SCALE / 2 * (a.real * a.real + a.imag * a.imag) for a in amplitudes]
    power = max(powers)
    place = powers.index(power)
    if power < total * SHARE / (1 + TWIST) or any(power < PEAK * other for other in powers if other is not power):
        return None
    return place, amplitudes[place], power
