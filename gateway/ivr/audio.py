"""Prompts as A-law. Files are read and coded once; a file that has been replaced is read anew."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from gateway.errors import ConfigError, RejectedInput
from gateway.ivr.prompts import DIGITS, PromptItem, digit_id
from gateway.media.g711 import ALAW_SILENCE
from gateway.media.resample import TELEPHONE_RATE
from gateway.media.wav import read_wav

GROUP = 4
"""Digits are read in groups of this size, with a pause between groups."""
GROUP_GAP = bytes([ALAW_SILENCE]) * (TELEPHONE_RATE * 350 // 1000)
CACHED_FILES = 1024


def alaw(item: PromptItem) -> bytes:
    """The item as A-law at 8 kHz, one byte a sample. ``ConfigError`` when its recording cannot be played."""
    if item.kind == "prompt":
        return _file(Path(item.wav))
    folder = Path(item.wav)
    digits = [character for character in item.text if character in DIGITS]
    groups = [digits[n : n + GROUP] for n in range(0, len(digits), GROUP)]
    return GROUP_GAP.join(b"".join(_file(folder / f"{digit_id(d)}.wav") for d in group) for group in groups)


def duration_s(item: PromptItem) -> float:
    """How long the item takes to say."""
    return len(alaw(item)) / TELEPHONE_RATE


def _file(path: Path) -> bytes:
    try:
        return _coded(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise ConfigError([f"{path}: prompt cannot be read: {error.strerror}"]) from error


@lru_cache(maxsize=CACHED_FILES)
def _coded(path: Path, _mtime_ns: int) -> bytes:
    try:
        return read_wav(path).alaw()
    except RejectedInput as error:
        raise ConfigError([str(error)]) from error
