"""Identifiers: ULIDs for rows, ticket numbers for people."""

from __future__ import annotations

import os
import re
import time
import unicodedata
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BY_BYTE = (_CROCKFORD * 8).encode()
"""What ``bytes.translate`` makes of a random byte: the digit of its low five bits."""
RANDOM_DIGITS = 16
SERIAL_DIGITS = 7
NUMBER_DIGITS = 8 + SERIAL_DIGITS
_HYPHENS = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
"""What stands between the digits of a number, whichever hyphen, dash or minus a keyboard gives."""


class _Random:
    """Random digits, the system's, fetched many at a time: each call gives other threads the interpreter."""

    def __init__(self) -> None:
        self._some: list[str] = []
        os.register_at_fork(after_in_child=self.forget)

    def digits(self) -> str:
        """``RANDOM_DIGITS`` of them."""
        try:
            return self._some.pop()  # atomic: no two threads get the same
        except IndexError:
            drawn = os.urandom(RANDOM_DIGITS * 256).translate(_BY_BYTE).decode()
            self._some += [drawn[at : at + RANDOM_DIGITS] for at in range(RANDOM_DIGITS, len(drawn), RANDOM_DIGITS)]
            return drawn[:RANDOM_DIGITS]

    def forget(self) -> None:
        """A forked process must not draw what its parent draws."""
        self._some = []


_RANDOM = _Random()


def new_ulid(at_ms: int | None = None) -> str:
    """A fresh ULID: 48 bits of Unix milliseconds, 80 random bits, 26 Crockford base-32 characters."""
    stamp = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return _stamp(stamp) + _RANDOM.digits()


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


def digits_written(text: str) -> str | None:
    """The digits of a number as people write it: with ``#``, hyphens, blanks, and all of it full-width."""
    plain = _HYPHENS.sub("", unicodedata.normalize("NFKC", text)).removeprefix("#")
    return plain if plain.isascii() and plain.isdigit() else None


def parse_ticket_no(text: str) -> str | None:
    """The 15 digits in ``text`` as people write them (``#``, hyphens, blanks), or None when it is no ticket number."""
    digits = digits_written(text)
    return digits if digits is not None and len(digits) == NUMBER_DIGITS else None


def parse_serial(text: str) -> str | None:
    """The daily serial, 7 digits, that ``text`` names as the desk prints it (``#322``); None without its ``#``."""
    digits = digits_written(text)
    marked = unicodedata.normalize("NFKC", text).strip().startswith("#")
    return digits.zfill(SERIAL_DIGITS) if marked and digits and len(digits) <= SERIAL_DIGITS else None


def city_day(now: datetime, zone: tzinfo) -> str:
    """``YYYYMMDD`` of the instant ``now`` on the city's calendar."""
    local = now.astimezone(zone)
    return f"{local.year:04}{local.month:02}{local.day:02}"


@lru_cache(maxsize=256)
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
