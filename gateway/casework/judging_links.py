"""Addresses at which a requester judges a reply without logging in: whoever has one may judge that reply, no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from gateway.ports.conversation_store import ChannelStates

PATH = "/r/"
_ROOM, _KEY = "replies", "link_secret"
_TOKEN = re.compile(r"([0-9A-HJKMNP-TV-Z]{26})-(\d{1,4})-([A-Z2-7]{16})")


@dataclass(frozen=True, slots=True)
class Judged:
    """A ticket, and which of the replies that its requester was given: 0 is the first."""

    ticket_id: str
    nth: int


class JudgingLinks:
    """Makes and reads them. All processes share one secret, which lies in the database."""

    def __init__(self, states: ChannelStates, public_url: str) -> None:
        """``public_url``: where requesters reach this installation; empty: they cannot."""
        self._states = states
        self._public_url = public_url.rstrip("/")
        self._secret: bytes | None = None

    async def link(self, ticket_id: str, nth: int) -> str | None:
        """The address for the ``nth`` reply of a ticket; None where nobody could open it."""
        if not self._public_url:
            return None
        named = f"{ticket_id}-{nth}"
        return f"{self._public_url}{PATH}{named}-{await self._signed('link', named)}"

    async def read(self, token: str) -> Judged | None:
        """What the last part of an address names; None for one that is not ours."""
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        named = f"{found[1]}-{found[2]}"
        if not hmac.compare_digest(found[3], await self._signed("link", named)):
            return None
        return Judged(found[1], int(found[2]))

    async def form_token(self, token: str) -> str:
        """What the form on the page of this address sends along: a judgement comes from that page alone."""
        return await self._signed("form", token)

    async def _signed(self, purpose: str, text: str) -> str:
        if self._secret is None:
            self._secret = (await self._states.put_new(_ROOM, _KEY, secrets.token_hex(32))).encode()
        digest = hmac.digest(self._secret, f"{purpose}:{text}".encode(), hashlib.sha256)
        return base64.b32encode(digest[:10]).decode()
