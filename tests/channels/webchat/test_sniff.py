"""What a file is told by its first 64 kB, wherever a character is cut in two."""

from __future__ import annotations

import pytest

from channels.webchat.sniff import LOOKED_AT, media_type

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("shift", range(4))
def test_a_long_text_may_be_cut_anywhere(encoding: str, shift: int) -> None:
    content = ("a" * shift + "路灯坏了😀" * LOOKED_AT).encode(encoding)
    assert media_type(content) == "text/plain"


def test_a_short_text_must_be_whole() -> None:
    whole = "路灯".encode()
    assert media_type(whole) == "text/plain"
    assert media_type(b"abc\x81") is None


@pytest.mark.parametrize("byte", [0, 8, 11, 14, 31])
def test_control_characters_are_no_text(byte: int) -> None:
    assert media_type(b"abc\t\r\n\f" + bytes([byte])) is None
    assert media_type(b"abc\t\r\n\f") == "text/plain"
