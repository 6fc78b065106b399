from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import NotFound
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.media.sniff import ALLOWED, sniff

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", None, "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", None, "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a.png", "audio/wav"),
        (b"\x00\x00\x00\x18ftypM4A \x00", None, "audio/mp4"),
        (b"\x00\x00\x00\x18ftypisom\x00", None, "video/mp4"),
        (b"\x02#!SILK_V3", None, "audio/silk"),
        (b"\xff\xfb\x90\x00", None, "audio/mpeg"),
        (b"\xff\xf1\x50\x80", None, "audio/aac"),
        (b"\x00\x00\x00\x18ftypavif\x00", "a.mp4", "image/avif"),
        (b"\x00\x00\x00\x18ftypmif1\x00", "a.mp4", "image/heic"),
        ("停水\r\n".encode("utf-16"), "a.mp3", "text/plain"),
        ("<svg>".encode("utf-16"), "a.mp3", None),
        (b"\xff\xff\xff\xff", "a.mp3", None),
        (b"ffconcat version 1.0\nfile 'x'\n", "x.mp3", "text/plain"),
        (b"#EXTM3U\nhttp://127.0.0.1/x.ts", "x.mp3", "text/plain"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "x.mp3", "text/plain"),
        (b"PK\x03\x04", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.exe", "application/zip"),
        ("停水通知".encode(), "a.txt", "text/plain"),
        ("停水".encode()[:-1], "a.txt", "text/plain"),
        (b"<svg onload=alert(1)>", "a.png", None),
        (b"  <html>", "a.txt", None),
        (b"#!/bin/sh\n", "a.txt", None),
        (b"MZ\x90\x00\x03", "a.jpg", None),
        (b"\x7fELF\x02\x01", None, None),
        (b"\x00\x01\x02", None, None),
        (b"", None, None),
    ],
)
def test_content_decides_not_the_name(head: bytes, name: str | None, media_type: str | None) -> None:
    assert sniff(head, name) == media_type
    assert media_type is None or media_type in ALLOWED


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "a" * 63 + "/", "", "." * 64, "aa/" + "a" * 63 + "/", "2026/11/23/../" + "a" * 64, None],
)
def test_a_name_that_is_no_content_opens_nothing(tmp_path: Path, name: str | None) -> None:
    with pytest.raises(NotFound):
        AttachmentFiles(tmp_path).path(name)
