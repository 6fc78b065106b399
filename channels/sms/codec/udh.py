"""User data headers (3GPP TS 23.040, 9.2.3.24): which part of what it is, and whether it is for a person."""

from __future__ import annotations

from dataclasses import dataclass

CONCAT_8BIT = 0x00
CONCAT_16BIT = 0x08
_PORTS = frozenset({0x04, 0x05})
_SIM_DATA = range(0x70, 0x80)


@dataclass(frozen=True, slots=True)
class Concat:
    """Part ``number`` (from 1) of ``total``; ``ref`` also says where it was written, so that two kinds never mix."""

    ref: str
    total: int
    number: int


@dataclass(frozen=True, slots=True)
class UserData:
    """A short message without its header; ``machine``: addressed to a port or the SIM, so no text."""

    body: bytes
    concat: Concat | None = None
    machine: bool = False


def concat(ref: str, total: int, number: int) -> Concat | None:
    """A part, or None when the figures make none (a single part, or a number outside of the total)."""
    return Concat(ref, total, number) if 1 <= number <= total and total > 1 else None


def parse(data: bytes) -> UserData:
    """Take the header off. What is no header (its length reaches beyond the data) stays in the body."""
    if not data or data[0] + 1 > len(data):
        return UserData(data)
    header, body = data[1 : data[0] + 1], data[data[0] + 1 :]
    part: Concat | None = None
    machine = False
    at = 0
    while at + 2 <= len(header):
        iei, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if len(value) < length:
            break
        if iei == CONCAT_8BIT and length == 3:  # noqa: PLR2004 - 9.2.3.24.1: reference, total, number
            part = concat(f"u8:{value[0]}", value[1], value[2])
        elif iei == CONCAT_16BIT and length == 4:  # noqa: PLR2004 - 9.2.3.24.8: reference of two octets, total, number
            part = concat(f"u16:{int.from_bytes(value[:2], 'big')}", value[2], value[3])
        elif iei in _PORTS or iei in _SIM_DATA:
            machine = True
        at += 2 + length
    return UserData(body, part, machine)


def header(ref: int, total: int, number: int) -> bytes:
    """A header with an 8-bit reference, length octet included."""
    return bytes((5, CONCAT_8BIT, 3, ref & 0xFF, total, number))
