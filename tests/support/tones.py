"""Keys as tones in a caller's audio, made without the code under test (ITU-T Q.23)."""

from __future__ import annotations

import math
import random
from array import array
from dataclasses import dataclass

from gateway.media.g711 import pcm16_to_alaw

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
FULL_SCALE_DBM0 = 3.14


@dataclass
class Line:
    """Audio as it comes from a caller, built up piece by piece; levels in dBm0 a tone."""

    chance: random.Random

    def __post_init__(self) -> None:
        self.samples: list[float] = [0.0] * self.chance.randrange(160, 480)  # tones do not begin with a frame

    def tone(
        self,
        key: str,
        ms: float,
        *,
        low_dbm0: float = -8.0,
        high_dbm0: float = -8.0,
        low_off: float = 0.0,
        high_off: float = 0.0,
    ) -> None:
        """A key for so long; ``off`` is a share of the frequency."""
        row = next(n for n, keys in enumerate(KEYS) if key in keys)
        waves = ((LOW[row] * (1 + low_off), low_dbm0), (HIGH[KEYS[row].index(key)] * (1 + high_off), high_dbm0))
        at = [(32_767 * 10 ** ((db - FULL_SCALE_DBM0) / 20), hz, self.chance.uniform(0, 6.3)) for hz, db in waves]
        for n in range(round(ms * 8)):
            self.samples.append(sum(a * math.sin(2 * math.pi * hz * n / 8000 + phase) for a, hz, phase in at))

    def pause(self, ms: float) -> None:
        """Nothing for so long."""
        self.samples += [0.0] * round(ms * 8)

    def noise(self, dbm0: float) -> None:
        """Noise over all that was said until now."""
        deviation = 32_767 * 10 ** ((dbm0 - FULL_SCALE_DBM0) / 20) / math.sqrt(2)
        self.samples = [s + self.chance.gauss(0, deviation) for s in self.samples]

    def alaw(self) -> bytes:
        """Whole frames of 20 ms."""
        self.samples += [0.0] * (480 + -len(self.samples) % 160)
        return pcm16_to_alaw(array("h", (max(-32_768, min(32_767, round(s))) for s in self.samples)).tobytes())
