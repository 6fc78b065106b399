"""How large a picture unfolds, by its header."""

from __future__ import annotations

import base64
import struct
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.media.pictures import PICTURES, pixels
from tests.support.pictures import png

pytestmark = pytest.mark.unit
EXIF = b"\xff\xe1" + struct.pack(">H", 2 + 40_000) + bytes(40_000)


def jpeg(width: int, height: int, *, before: bytes = b"") -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + before + b"\xff\xc2" + struct.pack(">H", 2 + len(frame)) + frame


def webp(chunk: bytes, body: bytes) -> bytes:
    return b"RIFF" + bytes(4) + b"WEBP" + chunk + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("media_type", "content", "expected"),
    [
        ("image/png", png(4000, 3000), 12_000_000),
        ("image/png", png(0xFFFF, 0xFFFF), 0xFFFF**2),
        ("image/gif", b"GIF89a" + struct.pack("<HH", 320, 200), 64_000),
        ("image/bmp", b"BM" + bytes(12) + struct.pack("<Iii", 40, 640, -480), 307_200),
        ("image/bmp", b"BM" + bytes(12) + struct.pack("<IHH", 12, 64, 48) + bytes(8), 3072),
        ("image/jpeg", jpeg(4032, 3024), 12_192_768),
        ("image/jpeg", jpeg(4032, 3024, before=EXIF * 9), 12_192_768),
        (
            "image/webp",
            webp(b"VP8X", bytes(4) + (1079).to_bytes(3, "little") + (1919).to_bytes(3, "little")),
            2_073_600,
        ),
        ("image/webp", webp(b"VP8L", b"\x2f" + struct.pack("<I", 99 | 49 << 14)), 5000),
        ("image/webp", webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480)), 307_200),
        ("image/heic", png(10, 10), None),
        ("image/png", b"\x89PNG\r\n\x1a\n", None),
        ("image/jpeg", b"\xff\xd8\xff\xe0", None),
    ],
)
def test_a_header_says_how_many_pixels_there_are(media_type: str, content: bytes, expected: int | None) -> None:
    assert pixels(BytesIO(content), media_type) == expected


def test_a_real_picture() -> None:
    dot = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    assert pixels(BytesIO(base64.b64decode(dot)), "image/gif") == 1


@given(content=st.binary(max_size=300), media_type=st.sampled_from(sorted(PICTURES)))
def test_no_bytes_are_too_odd(content: bytes, media_type: str) -> None:
    found = pixels(BytesIO(content), media_type)
    assert found is None or found > 0


@given(content=st.binary(max_size=300))
def test_a_jpeg_of_nothing_but_markers_ends(content: bytes) -> None:
    assert pixels(BytesIO(b"\xff\xd8" * 100_000 + content), "image/jpeg") is None
