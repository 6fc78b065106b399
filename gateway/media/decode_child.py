"""``python -m gateway.media.decode_child``: one sound file on standard input, its samples on standard output.

A process of its own, because what it reads was made by strangers and the libraries that read it are large: whatever
goes wrong in them ends this process alone. ``gateway.media.decoding`` starts it and says what it may cost. It opens
no file and no socket: before it looks at the input it gives up every descriptor but the three it was born with.

The answer begins with one line: ``ok RATE`` and the samples follow, or ``refused`` and why.
"""

from __future__ import annotations

import io
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any

import av
import av.audio
import av.logging

from gateway.media.containers import CODECS, DEMUXERS
from gateway.media.g711 import ALAW_SILENCE, pcm16_to_alaw
from gateway.media.resample import TELEPHONE_RATE
from gateway.media.wav import alaw_wav

WIDE_RATE = 16_000
SAMPLE_BYTES = 2
DESCRIPTORS = 3
_PROBED_BYTES = 1 << 20
_SILENCE = alaw_wav(bytes([ALAW_SILENCE]) * 160)
_OPTIONS = {
    "protocol_whitelist": "none",  # there is no such protocol: a playlist's entries are not opened
    "codec_whitelist": ",".join(sorted(CODECS)),  # pictures are not decoded, not even to learn their size
    "probesize": str(_PROBED_BYTES),
}


def main(arguments: list[str]) -> None:
    """``DEMUXER telephone|speech SECONDS WALL``: at most ``SECONDS`` of sound, and an end after ``WALL`` seconds.

    ``telephone``: mono A-law at 8 kHz. ``speech``: 16-bit mono at 8 kHz where the file has that rate, else at 16 kHz;
    of our own recordings (stereo A-law) the caller's side.
    """
    demuxer, form, seconds, wall = arguments
    signal.setitimer(signal.ITIMER_REAL, float(wall))  # also when whoever started this is dead
    if demuxer not in DEMUXERS.values():
        raise SystemExit(f"{demuxer!r} is not decoded")
    av.logging.set_level(av.logging.PANIC)
    _decode(io.BytesIO(_SILENCE), io.BytesIO(), "wav", telephone=True, seconds=1)  # now every module is loaded
    source, answer = open(0, "rb", closefd=False), open(1, "wb", closefd=False)  # noqa: SIM115 - as long as the process
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    _decode(source, answer, demuxer, telephone=form == "telephone", seconds=float(seconds))
    answer.flush()


def _decode(source: IO[bytes], answer: IO[bytes], demuxer: str, *, telephone: bool, seconds: float) -> None:
    try:
        with av.open(source, mode="r", format=demuxer, options=_OPTIONS, metadata_errors="ignore") as container:
            _answer(container, answer, telephone=telephone, seconds=seconds)
    except (av.FFmpegError, ValueError, OverflowError) as error:
        answer.write(f"refused {type(error).__name__}\n".encode())


def _answer(container: Any, answer: IO[bytes], *, telephone: bool, seconds: float) -> None:
    if not container.streams.audio:
        answer.write(b"refused no sound in it\n")
        return
    track = container.streams.audio[0]
    codec = track.codec_context
    if codec.name not in CODECS:
        answer.write(b"refused a codec that is not decoded\n")
        return
    codec.thread_count = 1
    rate = TELEPHONE_RATE if telephone or track.rate == TELEPHONE_RATE else WIDE_RATE
    ours = not telephone and codec.name == "pcm_alaw" and codec.channels > 1
    pieces = _pcm(container, track, rate, ours=ours)
    left = int(seconds * rate) * SAMPLE_BYTES
    # A file that cannot be decoded at all is refused; of one that is damaged further on, its beginning counts.
    piece: bytes | None = next(pieces, b"")
    answer.write(f"ok {rate}\n".encode())
    with suppress(av.FFmpegError, ValueError):
        while left > 0 and piece is not None:
            answer.write(pcm16_to_alaw(piece[:left]) if telephone else piece[:left])
            left -= len(piece)
            piece = next(pieces, None)


def _pcm(container: Any, track: Any, rate: int, *, ours: bool) -> Iterator[bytes]:
    """16-bit mono samples as they are decoded."""
    resampler = av.AudioResampler(format="s16", layout="stereo" if ours else "mono", rate=rate)
    for frame in container.decode(track):
        for piece in resampler.resample(frame):
            yield _mono(piece, ours=ours)
    for piece in resampler.resample(None):
        yield _mono(piece, ours=ours)


def _mono(piece: Any, *, ours: bool) -> bytes:
    if not ours:
        return bytes(piece.planes[0])[: piece.samples * SAMPLE_BYTES]
    both = bytes(piece.planes[0])[: piece.samples * SAMPLE_BYTES * 2]
    left = bytearray(piece.samples * SAMPLE_BYTES)
    left[0::2], left[1::2] = both[0::4], both[1::4]
    return bytes(left)


if __name__ == "__main__":
    main(sys.argv[1:])
