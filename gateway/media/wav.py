"""WAV files: any PCM or G.711 one is read, A-law ones are written.

Format: RIFF/WAVE as in Microsoft's "New Multimedia Data Types and Data Techniques", 1994.
"""

from __future__ import annotations

import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import RejectedInput
from gateway.media.g711 import alaw_to_pcm16, audioop, pcm16_to_alaw
from gateway.media.resample import RATES, TELEPHONE_RATE, resample

PCM, ALAW, ULAW, EXTENSIBLE = 1, 6, 7, 0xFFFE
FORMAT = struct.Struct("<HHIIHH")
_HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
HEADER_BYTES = _HEADER.size
"""58: RIFF, an 18-byte fmt (a non-PCM one has cbSize), fact and the head of data."""
MAX_CHANNELS = 8
SUBFORMAT_AT = 24
"""Where WAVE_FORMAT_EXTENSIBLE keeps the real format in its fmt chunk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Decoded audio: native 16-bit samples, one bytes object a channel, all of one length."""

    rate: int
    channels: tuple[bytes, ...]

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.channels[0]) / 2 / self.rate

    def mono(self) -> bytes:
        """The mean of all channels."""
        share = 1 / len(self.channels)
        mixed = bytes(len(self.channels[0]))
        for channel in self.channels:
            mixed = audioop.add(mixed, audioop.mul(channel, 2, share), 2)
        return mixed

    def alaw(self) -> bytes:
        """Mono A-law at 8 kHz."""
        return pcm16_to_alaw(resample(self.mono(), self.rate, TELEPHONE_RATE))


def read_wav(source: bytes | Path) -> Sound:
    """A WAV of 8, 16, 24 or 32-bit PCM, A-law or mu-law; ``RejectedInput`` says what is wrong with another.

    A file whose writer died is read to its end, whatever size its header claims.
    """
    data = source.read_bytes() if isinstance(source, Path) else source
    name = str(source) if isinstance(source, Path) else "the sound"
    try:
        return _decoded(data)
    except ValueError as error:
        raise RejectedInput(f"{name}: {error}; give a PCM WAV (8, 16, 24 or 32 bit) or an A-law/mu-law one") from None


def _decoded(data: bytes) -> Sound:
    chunks = _chunks(data)
    if len(chunks.get(b"fmt ", b"")) < FORMAT.size or b"data" not in chunks:
        raise ValueError("no fmt or data chunk")
    fmt, samples = chunks[b"fmt "], chunks[b"data"]
    tag, channels, rate, _, _, bits = FORMAT.unpack_from(fmt)
    if tag == EXTENSIBLE and len(fmt) >= SUBFORMAT_AT + 2:
        (tag,) = struct.unpack_from("<H", fmt, SUBFORMAT_AT)
    if not 1 <= channels <= MAX_CHANNELS or rate not in RATES:
        raise ValueError(f"{channels} channels at {rate} Hz")
    width = (bits + 7) // 8
    samples = samples[: len(samples) // (channels * max(1, width)) * channels * max(1, width)]
    pcm = array("h", _pcm16(tag, bits, samples))
    return Sound(rate=rate, channels=tuple(pcm[n::channels].tobytes() for n in range(channels)))


def _pcm16(tag: int, bits: int, samples: bytes) -> bytes:
    match tag, bits:
        case (6, 8):
            return alaw_to_pcm16(samples)
        case (7, 8):
            return audioop.ulaw2lin(samples, 2)
        case (1, 8):
            return audioop.lin2lin(audioop.bias(samples, 1, -128), 1, 2)
        case (1, 16 | 24 | 32):
            width = bits // 8
            native = samples if sys.byteorder == "little" else audioop.byteswap(samples, width)
            return audioop.lin2lin(native, width, 2)
        case _:
            raise ValueError(f"format {tag} with {bits} bits")


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name. ``data`` may run past what its size field says, or be shorter."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("not a RIFF/WAVE file")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"data" and size in {0, 0xFFFFFFFF}:
            size = len(data)  # a stream, or a recorder that was killed before it knew
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found


def alaw_header(audio_bytes: int, channels: int = 1) -> bytes:
    """The 58 bytes before ``audio_bytes`` of A-law at 8 kHz (interleaved by sample when stereo)."""
    return _HEADER.pack(
        b"RIFF", HEADER_BYTES - 8 + audio_bytes + audio_bytes % 2, b"WAVE",
        b"fmt ", 18, ALAW, channels, TELEPHONE_RATE, TELEPHONE_RATE * channels, channels, 8, 0,
        b"fact", 4, audio_bytes // channels,
        b"data", audio_bytes,
    )  # fmt: skip


def alaw_wav(*tracks: bytes) -> bytes:
    """A WAV of one A-law track a channel, all of one length."""
    audio = interleaved(*tracks) if len(tracks) > 1 else tracks[0]
    return alaw_header(len(audio), len(tracks)) + audio + b"\0" * (len(audio) % 2)


def interleaved(*tracks: bytes) -> bytes:
    """Byte 0 of each track, then byte 1 of each, and so on; ``ValueError`` when they are not of one length."""
    mixed = bytearray(sum(map(len, tracks)))
    for n, track in enumerate(tracks):
        mixed[n :: len(tracks)] = track
    return bytes(mixed)
