"""Telephone numbers as operators write them."""

from __future__ import annotations

import re

import phonenumbers

_REGION = "CN"
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
"""The mainland's mobile numbers as they mostly come; parsing them takes the library a third of a millisecond."""


def e164(raw: str) -> str | None:
    """``raw`` with a plus and the country's code; None for short codes, names and what no telephone can have."""
    if mobile := _MOBILE.fullmatch(raw):
        return f"+86{mobile[1]}"
    digits = "".join(character for character in raw if character in "+0123456789")
    if digits != raw.strip().replace(" ", "").replace("-", ""):
        return None
    for text in (f"+{digits}", digits) if digits.startswith("86") else (digits,):
        try:
            number = phonenumbers.parse(text, _REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def person(raw: str) -> str:
    """What names a person on this channel: the same for all ways of writing one number."""
    return e164(raw) or raw.strip() or "unknown"


def digits(person_id: str) -> str:
    """The number without its plus, as SMPP and CMPP want it."""
    return person_id.removeprefix("+")
