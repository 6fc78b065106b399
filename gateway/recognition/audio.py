"""Any audio file as the 16-bit mono PCM that engines take."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.errors import ConfigError, GatewayError
from gateway.intake.media.sniff import HEAD_BYTES, sniff
from gateway.media.decoding import DecodingLimits, SoundDecoder

LIMITS = DecodingLimits(sound_s=4 * 3600, cpu_s=600, wall_s=1200)
"""For whole recordings, which somebody at this machine names."""


def read_speech(path: Path) -> tuple[bytes, int]:
    """16-bit little-endian mono PCM and its rate: 8000 Hz for files recorded so, else 16000 Hz; at most four hours.

    Of our own recordings (stereo A-law) only the caller's side is taken, of other stereo files the mean. Blocking.
    ``ConfigError`` when the file is not there or is no audio.
    """
    try:
        with path.open("rb") as file:
            media_type = sniff(file.read(HEAD_BYTES), path.name)
        with ThreadPoolExecutor(1) as thread:  # whoever calls this may run a loop of its own
            decoded = thread.submit(asyncio.run, SoundDecoder(LIMITS).decode(path, media_type, "speech")).result()
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file"]) from None
    except (GatewayError, OSError) as error:
        raise ConfigError([f"{path}: cannot be read as audio: {error}"]) from error
    return decoded.samples, decoded.rate
