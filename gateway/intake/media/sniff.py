"""What a file is, by its first bytes; what its name or its sender claims counts for nothing."""

from __future__ import annotations

HEAD_BYTES = 64
_ZIP_NAMES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "zip": "application/zip",
}
_OLE_NAMES = {"xls": "application/vnd.ms-excel", "ppt": "application/vnd.ms-powerpoint"}
_PREFIXES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"%PDF-", "application/pdf"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!SILK_V3", "audio/silk"),
    (b"\x02#!SILK_V3", "audio/silk"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
)
_RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp", b"AVI ": "video/x-msvideo"}
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
}
_FRAME_SYNC = 0xFF
_LAYERS = frozenset({0xE2, 0xE4})
"""Sync and layer III or II; layer I is no longer made, and its bits are those of UTF-16's byte order mark."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TEXT_BELOW = 0x20
ALLOWED = frozenset(
    {kind for _, kind in _PREFIXES}
    | set(_RIFF.values())
    | set(_BRANDS.values())
    | set(_ZIP_NAMES.values())
    | set(_OLE_NAMES.values())
    | {"video/mp4", "audio/aac", "application/msword", "text/plain"}
)
"""What is kept. Programs, scripts, HTML and SVG are none of these: they come out as None or are refused."""


def sniff(head: bytes, name: str | None = None) -> str | None:
    """The media type of a file that begins with ``head`` (``HEAD_BYTES`` are enough); None: not known.

    ``name`` only tells the office formats apart, which share one container.
    """
    ending = (name or "").rpartition(".")[2].lower()
    found = next((kind for prefix, kind in _PREFIXES if head.startswith(prefix)), None)
    if found is None and head.startswith(b"RIFF"):
        found = _RIFF.get(head[8:12])
    if found is None and head[4:8] == b"ftyp":
        found = _BRANDS.get(head[8:12], "video/mp4")
    if found is None and head.startswith(b"PK\x03\x04"):
        found = _ZIP_NAMES.get(ending, _ZIP_NAMES["zip"])
    if found is None and head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        found = _OLE_NAMES.get(ending, "application/msword")
    if found is None and len(head) > 1 and head[0] == _FRAME_SYNC:
        sync, layer = head[1] & 0xF6, head[1] & 0xE6
        found = "audio/aac" if sync == 0xF0 else "audio/mpeg" if layer in _LAYERS else None  # noqa: PLR2004 - bits of ISO 11172-3 and 13818-7 headers
    return found or ("text/plain" if _is_text(head) else None)


def _is_text(head: bytes) -> bool:
    """UTF-8, or UTF-16 that says so, without control characters, and nothing that a browser would run."""
    if head.startswith(_UTF16):
        head = head[: len(head) & ~1].decode("utf-16", errors="replace").encode()
    try:
        text = head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode()
    stripped = text.lstrip().lower()
    if not stripped or stripped.startswith(("<", "#!", "mz", "\x7felf")):
        return False
    return all(ord(char) >= _TEXT_BELOW or char in "\r\n\t\f" for char in text)
