"""The number of pixels of a picture, from its header: a small file may decode to gigabytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

_JPEG_SEGMENTS = 500
"""More segments before the frame's header are no photograph of a camera or a telephone."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""SOF markers (ITU-T T.81 table B.1)."""
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}
"""Markers without a length: RSTn, SOI, TEM."""
_OLD_BMP = 12
"""Bytes of the BITMAPCOREHEADER, whose sizes have 16 bits."""


def pixels(file: BinaryIO, media_type: str) -> int | None:
    """Width times height of the picture in ``file``; None when its header does not say, or it is no such type."""
    measure = _MEASURES.get(media_type)
    if measure is None:
        return None
    width, height = measure(file)
    return width * height or None


def _png(file: BinaryIO) -> tuple[int, int]:
    """PNG, section 11.2.2: IHDR is the first chunk."""
    head = file.read(24)
    return _big(head[16:20]), _big(head[20:24])


def _gif(file: BinaryIO) -> tuple[int, int]:
    """GIF89a, section 18: the logical screen."""
    head = file.read(10)
    return _little(head[6:8]), _little(head[8:10])


def _bmp(file: BinaryIO) -> tuple[int, int]:
    """A negative height means rows from the top."""
    head = file.read(26)
    if _little(head[14:18]) == _OLD_BMP:
        return _little(head[18:20]), _little(head[20:22])
    return abs(int.from_bytes(head[18:22], "little", signed=True)), abs(
        int.from_bytes(head[22:26], "little", signed=True)
    )


def _webp(file: BinaryIO) -> tuple[int, int]:
    """RFC 9649: VP8 (section 2.5), VP8L (2.6), VP8X (2.7)."""
    head = file.read(30)
    match head[12:16]:
        case b"VP8X":
            return _little(head[24:27]) + 1, _little(head[27:30]) + 1
        case b"VP8L":
            bits = _little(head[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF
        case _:
            return 0, 0


def _jpeg(file: BinaryIO) -> tuple[int, int]:
    """ITU-T T.81, annex B: marker after marker up to the frame's header."""
    for _ in range(_JPEG_SEGMENTS):
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:  # noqa: PLR2004 - a marker is FF and its code
            break
        if marker[1] in _BARE:
            continue
        length = _big(file.read(2))
        if marker[1] in _FRAMES:
            frame = file.read(5)
            return _big(frame[3:5]), _big(frame[1:3])
        file.seek(max(0, length - 2), 1)
    return 0, 0


_MEASURES: dict[str, Callable[[BinaryIO], tuple[int, int]]] = {
    "image/png": _png,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/webp": _webp,
    "image/jpeg": _jpeg,
}
PICTURES = frozenset(_MEASURES)
"""The types of pictures that every browser shows."""


def _big(some: bytes) -> int:
    return int.from_bytes(some, "big")


def _little(some: bytes) -> int:
    return int.from_bytes(some, "little")
