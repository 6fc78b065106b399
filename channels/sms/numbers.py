"""Telephone numbers as operators write them."""

from __future__ import annotations

from gateway.domain.phone_numbers import e164


def person(raw: str) -> str:
    """What names a person on this channel: the same for all ways of writing one number."""
    return e164(raw) or raw.strip() or "unknown"


def digits(person_id: str) -> str:
    """The number without its plus, as SMPP and CMPP want it."""
    return person_id.removeprefix("+")
