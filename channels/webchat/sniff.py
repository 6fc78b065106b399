"""The type of a file by its first bytes; only types that a citizen has reason to send are known."""

from __future__ import annotations

import codecs
import re

HEAD = 512
LOOKED_AT = 65_536
"""Of a text so much is looked at, however long it is."""
_FTYP = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_START = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")
_AUDIO_CONTAINERS = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "video/3gpp": "audio/3gpp"}


def media_type(content: bytes) -> str | None:
    """The media type of ``content``, or None for what we do not take (programs, HTML, SVG, unknown)."""
    head = content[:HEAD]
    for start, found in _START:
        if head.startswith(start):
            return ("video/webm" if b"webm" in head else None) if found == "webm" else found
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return _FTYP.get(brand, "video/3gpp" if brand.startswith(b"3g") else "video/mp4")
    return "text/plain" if _is_text(content[:LOOKED_AT], whole=len(content) <= LOOKED_AT) else None


def _is_text(content: bytes, *, whole: bool) -> bool:
    """Plain text in UTF-8 or GB 18030 that no browser would take for a page."""
    if not content or _CONTROL.search(content):
        return False
    if content[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"#!")):
        return False
    return any(_decodes(content, encoding, whole=whole) for encoding in ("utf-8", "gb18030"))


def _decodes(content: bytes, encoding: str, *, whole: bool) -> bool:
    """A character may be cut in two at the end of what is not ``whole``."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(content, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def as_kind(found: str, kind: str) -> str | None:
    """``found`` as media type of a message of ``kind`` (image, voice, file), or None when it is no such thing.

    Recorders in browsers put sound alone into the containers of films (MediaRecorder: webm, mp4).
    """
    match kind:
        case "image":
            return found if found.startswith("image/") else None
        case "voice":
            sound = _AUDIO_CONTAINERS.get(found, found)
            return sound if sound.startswith("audio/") else None
        case "file":
            return found
        case _:
            return None
