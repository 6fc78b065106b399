"""Identifiers: ULIDs for rows, ticket numbers for people."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BY_BYTE = (_CROCKFORD * 8).encode()
"""What ``bytes.translate`` makes of a random byte: the digit of its low five bits."""
SERIAL_DIGITS = 7
NUMBER_DIGITS = 8 + SERIAL_DIGITS


def new_ulid(at_ms: int | None = None) -> str:
    """A fresh ULID: 48 bits of Unix milliseconds, 80 random bits, 26 Crockford base-32 characters."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return _stamp(stamp) + os.urandom(16).translate(_BY_BYTE).decode()


@lru_cache(maxsize=16)
def _stamp(ms: int) -> str:
    """The first ten characters."""
    return "".join([_CROCKFORD[(ms >> shift) & 31] for shift in range(45, -5, -5)])


def ticket_no(day: str, serial: int) -> str:
    """The 15-digit number of the ``serial``-th ticket of ``day`` (``YYYYMMDD`` in the city's time zone)."""
    return f"{day}{serial:0{SERIAL_DIGITS}d}"


def spelled_no(number: str) -> str:
    """A ticket number as it is written to people: with a hyphen after its date."""
    return f"{number[:-SERIAL_DIGITS]}-{number[-SERIAL_DIGITS:]}"


def parse_ticket_no(text: str) -> str | None:
    """The 15 digits in ``text`` as people write them (hyphen, blanks), or None when it is no ticket number."""
    digits = "".join(c for c in text if c.isdigit())
    return digits if len(digits) == NUMBER_DIGITS and set(text) <= set("0123456789- ") else None


def city_day(now: datetime, zone: tzinfo) -> str:
    """``YYYYMMDD`` of the instant ``now`` on the city's calendar."""
    return now.astimezone(zone).strftime("%Y%m%d")


def rfc3339(instant: datetime) -> str:
    """``instant`` as RFC 3339 UTC with milliseconds, e.g. ``2026-11-23T01:02:03.456Z``."""
    utc = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return utc.isoformat("T", "milliseconds")[:-6] + "Z"


def from_rfc3339(text: str) -> datetime:
    """The instant that an RFC 3339 string names; ValueError when it is none or has no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return instant
