"""Sound files that a stranger makes to do harm."""

from __future__ import annotations

import struct

_BLOCK = 65_535
"""The longest a FLAC frame can be, in samples."""


def long_flac(frames: int, rate: int) -> bytes:
    """FLAC (RFC 9639) of ``frames`` × 65535 equal samples in some 16 bytes each: hours in a kilobyte."""
    info = struct.pack(">HH", _BLOCK, _BLOCK) + bytes(6) + _packed_info(rate, frames * _BLOCK) + bytes(16)
    return b"fLaC\x80" + len(info).to_bytes(3) + info + b"".join(map(_frame, range(frames)))


def _packed_info(rate: int, samples: int) -> bytes:
    """20 bits of rate, 3 of channels - 1, 5 of bits a sample - 1, 36 of samples."""
    return (rate << 44 | 15 << 36 | samples).to_bytes(8)


def _frame(number: int) -> bytes:
    header = b"\xff\xf8\x70\x08" + chr(number).encode("utf-8") + struct.pack(">H", _BLOCK - 1)
    header += bytes([_crc(header, 0x07, 8)])
    body = header + b"\x00" + b"\x00\x10"
    return body + _crc(body, 0x8005, 16).to_bytes(2)


def _crc(data: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> (bits - 1) & 1 else 0)) & ((1 << bits) - 1)
    return value
