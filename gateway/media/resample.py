"""Changing the sample rate of 16-bit PCM with a linear-phase low-pass, in C through ``audioop``.

For prompts, files and tests: whole sounds, not streams. numpy would do it too, at 20 MB and 0.1 s in the media process.
"""

from __future__ import annotations

import math
from functools import cache

from gateway.media.g711 import audioop

TELEPHONE_RATE = 8000
RATES = range(2000, 384_001)
"""Sample rates that sound has, in Hz."""
HALF_TAPS = 32
"""Taps on each side of the middle: the transition is about 1/16 of the lower rate wide."""
PASS = 0.92
"""Share of the lower rate's band that is kept; the rest is room for the filter's slope."""
WIDE = 4
HEADROOM = 0.25


def resample(pcm: bytes, rate: int, to_rate: int) -> bytes:
    """Native 16-bit mono samples at ``to_rate`` Hz; nothing above half the lower rate is left to fold back.

    ``ValueError`` for a rate outside 2..384 kHz or half a sample.
    """
    if rate not in RATES or to_rate not in RATES:
        raise ValueError(f"cannot convert {rate} Hz to {to_rate} Hz")
    if len(pcm) % 2:
        raise ValueError("16-bit PCM has an even number of bytes")
    if rate == to_rate or not pcm:
        return pcm
    wide = audioop.mul(audioop.lin2lin(pcm, 2, WIDE), WIDE, HEADROOM)
    if rate > to_rate:
        wide = _filtered(wide, to_rate * PASS / 2 / rate)
        wide = _halved(wide) if rate == 2 * to_rate else audioop.ratecv(wide, WIDE, 1, rate, to_rate, None)[0]
    elif to_rate == 2 * rate:
        wide = _filtered(_doubled(wide), PASS / 4)
    else:
        wide = _filtered(audioop.ratecv(wide, WIDE, 1, rate, to_rate, None)[0], rate * PASS / 2 / to_rate)
    return audioop.lin2lin(audioop.mul(wide, WIDE, 1 / HEADROOM), WIDE, 2)


def _halved(wide: bytes) -> bytes:
    """Every second sample: the left half of what is read as stereo."""
    return audioop.tomono(wide[: len(wide) // 8 * 8], WIDE, 1, 0)


def _doubled(wide: bytes) -> bytes:
    """A zero behind every sample, at twice the level: the low-pass then fills the zeros in."""
    return audioop.tostereo(wide, WIDE, 2, 0)


@cache
def _taps(cutoff: float) -> tuple[float, ...]:
    """A Hamming-windowed sinc; ``cutoff`` as a share of the sample rate. Unity gain at 0 Hz."""
    taps = [
        (2 * cutoff if k == 0 else math.sin(2 * math.pi * cutoff * k) / (math.pi * k))
        * (0.54 + 0.46 * math.cos(math.pi * k / (HALF_TAPS + 1)))
        for k in range(-HALF_TAPS, HALF_TAPS + 1)
    ]
    return tuple(tap / sum(taps) for tap in taps)


def _filtered(wide: bytes, cutoff: float) -> bytes:
    """The convolution as a sum of shifted, weighted copies: each is one pass in C."""
    pad = bytes(WIDE * HALF_TAPS)
    padded, size = pad + wide + pad, len(wide)
    total = bytes(size)
    for k, tap in enumerate(_taps(cutoff)):
        total = audioop.add(total, audioop.mul(padded[WIDE * k : WIDE * k + size], WIDE, tap), WIDE)
    return total
