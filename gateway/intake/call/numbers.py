"""Whose number a call comes from."""

from __future__ import annotations

from gateway.domain.phone_numbers import e164
from gateway.ports.call import CallInfo


def caller_number(info: CallInfo) -> str | None:
    """E.164 of who calls: what the network vouches for before what the caller says of itself; None when unknown."""
    named = (e164(uri, info.plan) for uri in (*info.caller_uris, info.from_user))
    return next((number for number in named if number is not None), None)
