"""Sounds that tests speak, play and recognise: 16-bit samples and A-law at 8 kHz where nothing else is said."""

from __future__ import annotations

import math
import wave
from array import array
from functools import cache
from pathlib import Path

from gateway.media.wav import read_wav
from gateway.ports.call import ALAW_SILENCE, FRAME_BYTES
from tests.support.command import ROOT

RATE = 8000
FULL_SCALE = 32_767
STREET_LAMP = ROOT / "demo" / "street_lamp.wav"
"""Somebody reports a broken street lamp, in Mandarin."""
QUIET = bytes([ALAW_SILENCE]) * FRAME_BYTES
"""20 ms of silence as A-law."""


@cache
def speech() -> bytes:
    """``STREET_LAMP`` as A-law."""
    return read_wav(STREET_LAMP).alaw()


def frames(alaw: bytes) -> list[bytes]:
    """Pieces of 20 ms; the last one is filled up with silence."""
    return [alaw[n : n + FRAME_BYTES].ljust(FRAME_BYTES, QUIET[:1]) for n in range(0, len(alaw), FRAME_BYTES)]


def sine(hertz: float, seconds: float, *, level: float = 0.5, rate: int = RATE) -> bytes:
    """Samples of a sine; ``level`` 1 is full scale."""
    turn, peak = 2 * math.pi * hertz / rate, FULL_SCALE * level
    return array("h", (int(peak * math.sin(turn * n)) for n in range(int(rate * seconds)))).tobytes()


def write_wav(path: Path, pcm: bytes, *, rate: int = RATE, channels: int = 1) -> Path:
    """Samples as a WAV file, the same on each channel; its path."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(pcm[n : n + 2] * channels for n in range(0, len(pcm), 2)))
    return path


def silent_wav(path: Path, seconds: float = 1.0) -> Path:
    """A WAV file of nothing; its path."""
    return write_wav(path, bytes(2 * int(RATE * seconds)))
