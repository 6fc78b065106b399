"""Cuts a text that we send into short messages."""

from __future__ import annotations

from dataclasses import dataclass

from channels.sms.codec import gsm7, udh
from channels.sms.codec.alphabet import ASCII, GSM7, UCS2

OCTETS = 140
"""What one short message carries (3GPP TS 23.040, 9.2.3.16)."""
_HEADER = 6
_GSM_SINGLE, _GSM_PART = 160, 153
MAX_PARTS = 255


@dataclass(frozen=True, slots=True)
class Segment:
    """One short message; ``data`` begins with a user data header when ``total`` is above 1."""

    data: bytes
    alphabet: str
    number: int
    total: int


def split(text: str, *, ref: int, plain: str | None = GSM7) -> list[Segment]:
    """Segments of ``text``: in ``plain`` (gsm7, ascii or None) when all of it fits that alphabet, else in UCS-2.

    ``ValueError`` when it would take more than 255 parts. Neither a surrogate pair nor an escaped character is cut.
    """
    alphabet, units, single, part = _units(text, plain)
    if sum(map(len, units)) <= single:
        return [Segment(b"".join(units), alphabet, 1, 1)]
    bodies = [b""]
    for unit in units:
        if len(bodies[-1]) + len(unit) > part:
            bodies.append(b"")
        bodies[-1] += unit
    if len(bodies) > MAX_PARTS:
        raise ValueError(f"the text takes {len(bodies)} short messages; at most {MAX_PARTS} can belong together")
    return [
        Segment(udh.header(ref, len(bodies), number) + body, alphabet, number, len(bodies))
        for number, body in enumerate(bodies, 1)
    ]


def _units(text: str, plain: str | None) -> tuple[str, list[bytes], int, int]:
    """Alphabet, octets of each character, and the octets that a single message and a part may have."""
    if plain == GSM7 and (codes := gsm7.septets(text)) is not None:
        return GSM7, codes, _GSM_SINGLE, _GSM_PART
    if plain == ASCII and text.isascii():
        return ASCII, [character.encode() for character in text], OCTETS, OCTETS - _HEADER
    return UCS2, [character.encode("utf-16-be", "replace") for character in text], OCTETS, OCTETS - _HEADER
