"""Telephone numbers as networks send them, to E.164 where they can be one."""

from __future__ import annotations

import re

import phonenumbers

REGION = "CN"
_SIP_USER = re.compile(r"^(?:sips?|tel):([^@;>]+)", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\-().]")
_WITHHELD = frozenset({"anonymous", "restricted", "unavailable", "unknown", "private", "withheld", ""})
_CHINA = phonenumbers.PhoneMetadata.metadata_for_region(REGION)
assert _CHINA is not None
assert _CHINA.mobile is not None
_MOBILE = re.compile(rf"(?:\+?86)?({_CHINA.mobile.national_number_pattern})", re.ASCII)
"""Mobile numbers of the mainland as they mostly come; the library's own pattern, without its 20 µs around it."""


def caller_user(raw: str) -> str:
    """The user part of a SIP or tel URI, or ``raw`` itself when it is none."""
    found = _SIP_USER.match(raw.strip())
    return (found.group(1) if found else raw).strip()


def is_mobile(number: str) -> bool:
    """Whether an E.164 number is a mainland mobile, which can be texted."""
    return number.startswith("+86") and _MOBILE.fullmatch(number) is not None


def e164(raw: str | None) -> str | None:
    """``raw`` (a number, a SIP or tel URI) as E.164 with a plus; None when withheld or no dialable public number.

    National Chinese numbers need no prefix; ``0086`` and a missing plus before 86 are understood.
    """
    if raw is None:
        return None
    user = _BLANKS.sub("", caller_user(raw))
    if user.lower() in _WITHHELD:
        return None
    if mobile := _MOBILE.fullmatch(user):
        return f"+86{mobile[1]}"
    for text in (user, f"+{user}") if user.startswith("86") else (user,):
        try:
            number = phonenumbers.parse(text, REGION)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None
