"""The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1), one octet a septet."""

from __future__ import annotations

ESCAPE = 0x1B
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS = {character: bytes((code,)) for code, character in enumerate(_BASIC) if code != ESCAPE} | {
    character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()
}


def septets(text: str) -> list[bytes] | None:
    """The septets of each character (two for an extended one), or None when a character is not in the alphabet."""
    found = [_SEPTETS.get(character) for character in text]
    return None if None in found else [code for code in found if code is not None]


def encode(text: str) -> bytes:
    """One octet a septet; ``ValueError`` for a character outside the alphabet."""
    codes = septets(text)
    if codes is None:
        raise ValueError("a character is not in the GSM alphabet")
    return b"".join(codes)


def decode(data: bytes) -> str:
    """The text; an octet above 0x7F is U+FFFD, an unknown extension shows as its basic character (6.2.1.1)."""
    out: list[str] = []
    escaped = False
    for octet in data:
        if octet > 0x7F:  # noqa: PLR2004 - seven bits
            out.append("�")
            escaped = False
        elif octet == ESCAPE and not escaped:
            escaped = True
        else:
            basic = " " if octet == ESCAPE else _BASIC[octet]
            out.append(_EXTENSION.get(octet, basic) if escaped else basic)
            escaped = False
    return "".join(out)
