"""Sessions of browsers: an opaque token that names a sender id, signed with a key of this channel instance."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta

from channels.webchat.answers import Refusal
from gateway.domain.ids import new_ulid
from gateway.ports.clock import Clock
from gateway.ports.message import TextServices

_KEY = "session_key"
_KEY_BYTES = 32
_MAC_BYTES = 20
_STAMP_BYTES = 4
_ULID_CHARS = 26
_TOKEN_BYTES = _ULID_CHARS + _STAMP_BYTES + _MAC_BYTES


@dataclass(frozen=True, slots=True)
class Session:
    """One person on one device. ``sender`` is what the record knows; the token stays between browser and channel."""

    sender: str
    token: str
    resumed: bool


class Signer:
    """Signs what only we may make. Its key is made once and kept in the channel's durable state."""

    def __init__(self, text: TextServices) -> None:
        """The key is read at first use."""
        self._text = text
        self._key: bytes | None = None

    async def mac(self, purpose: str, content: bytes) -> bytes:
        """HMAC-SHA256 over both; ``StoreUnavailable`` while the key cannot be read."""
        if self._key is None:
            self._key = await self._load()
        return hmac.digest(self._key, purpose.encode() + b"\0" + content, "sha256")

    async def _load(self) -> bytes:
        found = await self._text.state.get(_KEY)
        return bytes.fromhex(found or await self._text.state.put_new(_KEY, secrets.token_hex(_KEY_BYTES)))


class Sessions:
    """Makes and reads tokens; nothing is stored for one, so they outlive restarts and need no clean-up."""

    def __init__(self, signer: Signer, clock: Clock, *, days: int) -> None:
        """A token ends ``days`` after it was last renewed."""
        self._signer = signer
        self._clock = clock
        self._life = timedelta(days=days)

    async def open(self, token: str | None) -> Session:
        """A fresh token: for the same sender when ``token`` still holds, for a new one otherwise."""
        sender = await self.find(token) if token else None
        name = sender or f"web-{new_ulid()}"
        return Session(name, await self._issue(name), resumed=sender is not None)

    async def sender(self, token: str | None) -> str:
        """The sender that ``token`` names; a 401 for any other."""
        sender = await self.find(token) if token else None
        if sender is None:
            raise Refusal(401, "session_over", "This session is over; begin a new one with POST session.")
        return sender

    async def find(self, token: str) -> str | None:
        """The sender that ``token`` names, or None for a forged, damaged or expired one."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _TOKEN_BYTES:
            return None
        content, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, (await self._signer.mac("session", content))[:_MAC_BYTES]):
            return None
        issued = int.from_bytes(content[_ULID_CHARS:], "big")
        if self._clock.now().timestamp() - issued > self._life.total_seconds():
            return None
        return f"web-{content[:_ULID_CHARS].decode()}"

    async def _issue(self, sender: str) -> str:
        stamp = int(self._clock.now().timestamp()).to_bytes(_STAMP_BYTES, "big")
        content = sender.removeprefix("web-").encode() + stamp
        mac = (await self._signer.mac("session", content))[:_MAC_BYTES]
        return base64.urlsafe_b64encode(content + mac).decode().rstrip("=")


def digest(text: str) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(text.encode()).hexdigest()
