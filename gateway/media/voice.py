"""Voice messages as A-law: whatever container and codec FFmpeg knows (AMR, Ogg/Opus, MP3, M4A, WAV, FLAC).

For files on disk, in a thread: decoding a minute takes some ten milliseconds of a core.
"""

from __future__ import annotations

from pathlib import Path

from gateway.errors import RejectedInput
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.resample import TELEPHONE_RATE

MAX_S = 900
"""Longer messages are cut here: a small file may claim to hold days of silence."""


def decode_voice(path: Path) -> bytes:
    """Mono A-law at 8 kHz of the first audio track, at most ``MAX_S``; ``RejectedInput`` when there is none."""
    # Imported here: FFmpeg's libraries are large, and a house without text channels never needs them.
    import av  # noqa: PLC0415
    from av.audio.resampler import AudioResampler  # noqa: PLC0415

    try:
        pcm = bytearray()
        with av.open(str(path), mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise RejectedInput("the file holds no sound")
            resampler = AudioResampler(format="s16", layout="mono", rate=TELEPHONE_RATE)
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    pcm += bytes(piece.planes[0])[: piece.samples * 2]
                if len(pcm) >= MAX_S * TELEPHONE_RATE * 2:
                    break
            else:
                for piece in resampler.resample(None):
                    pcm += bytes(piece.planes[0])[: piece.samples * 2]
    except (av.FFmpegError, ValueError, OSError) as error:
        raise RejectedInput(f"the sound cannot be decoded ({type(error).__name__})") from error
    return pcm16_to_alaw(bytes(pcm[: MAX_S * TELEPHONE_RATE * 2]))
