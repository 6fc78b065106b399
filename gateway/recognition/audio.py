"""Any audio file as the 16-bit mono PCM that engines take."""

from __future__ import annotations

from pathlib import Path

import av
import av.audio

from gateway.errors import ConfigError

NARROW = 8_000
WIDE = 16_000


def read_speech(path: Path) -> tuple[bytes, int]:
    """16-bit little-endian mono PCM and its rate: 8000 Hz for files recorded so, else 16000 Hz.

    Of our own recordings (stereo A-law) only the caller's side is taken, of other stereo files the mean.
    ``ConfigError`` when the file is not there or is no audio.
    """
    try:
        with av.open(str(path), mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise ConfigError([f"{path}: there is no audio in this file"])
            source = container.streams.audio[0]
            rate = NARROW if source.rate == NARROW else WIDE
            ours = source.codec_context.name == "pcm_alaw" and source.channels > 1
            resampler = av.AudioResampler(format="s16", layout="stereo" if ours else "mono", rate=rate)
            pieces = [
                bytes(resampled.planes[0])[: resampled.samples * (4 if ours else 2)]
                for frame in (*container.decode(source), None)
                for resampled in resampler.resample(frame)
            ]
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file"]) from None
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ConfigError([f"{path}: cannot be read as audio: {error}"]) from error
    pcm = b"".join(pieces)
    return (_left(pcm) if ours else pcm), rate


def _left(stereo: bytes) -> bytes:
    left = bytearray(len(stereo) // 2)
    left[0::2], left[1::2] = stereo[0::4], stereo[1::4]
    return bytes(left)
