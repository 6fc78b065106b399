"""Identifiers: ULIDs for rows, ticket numbers for people."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, tzinfo

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _CROCKFORD for b in _CROCKFORD]
SERIAL_DIGITS = 7
NUMBER_DIGITS = 8 + SERIAL_DIGITS


def new_ulid(at_ms: int | None = None) -> str:
    """A fresh ULID: 48 bits of Unix milliseconds, 80 random bits, 26 Crockford base-32 characters."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    number = (stamp << 80) | secrets.randbits(80)
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -10, -10)])


def ticket_no(day: str, serial: int) -> str:
    """The 15-digit number of the ``serial``-th ticket of ``day`` (``YYYYMMDD`` in the city's time zone)."""
    return f"{day}{serial:0{SERIAL_DIGITS}d}"


def parse_ticket_no(text: str) -> str | None:
    """The 15 digits in ``text`` as people write them (hyphen, blanks), or None when it is no ticket number."""
    digits = "".join(c for c in text if c.isdigit())
    return digits if len(digits) == NUMBER_DIGITS and set(text) <= set("0123456789- ") else None


def city_day(now: datetime, zone: tzinfo) -> str:
    """``YYYYMMDD`` of the instant ``now`` on the city's calendar."""
    return now.astimezone(zone).strftime("%Y%m%d")


def rfc3339(instant: datetime) -> str:
    """``instant`` as RFC 3339 UTC with milliseconds, e.g. ``2026-11-23T01:02:03.456Z``."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_rfc3339(text: str) -> datetime:
    """The instant that an RFC 3339 string names; ValueError when it is none or has no offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return instant
