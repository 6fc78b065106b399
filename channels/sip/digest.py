"""Digest authentication of our phones: RFC 7616 (RFC 2617) with MD5, RFC 3261 §22.

We offer qop=auth. A phone that knows only RFC 2069 answers without it; RFC 2617 §3.2.2 keeps that for such clients,
and so do we, but then each nonce is good for one request.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum, auto

from aiosipua.headers import AuthCredentials, parse_auth

from channels.sip.message import Request
from gateway.ports.channel import PhoneBook
from gateway.ports.clock import Clock

NONCE_TTL_S = 300.0
MAX_NONCES = 20_000


class Verdict(Enum):
    """What credentials came to."""

    OK = auto()
    MISSING = auto()
    """None, or none for us: challenge."""
    STALE = auto()
    """Right password, old nonce: challenge with stale=true, nobody is asked for the password again."""
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict, and whose credentials they were."""

    verdict: Verdict
    username: str = ""


class Digest:
    """Issues nonces that need no memory (signed, with their time) and checks answers to them."""

    def __init__(self, *, realm: str, phones: PhoneBook, clock: Clock) -> None:
        self._realm = realm
        self._phones = phones
        self._clock = clock
        self._secret = os.urandom(32)
        self._used: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._used)

    def challenge(self, *, stale: bool = False) -> str:
        """A WWW-Authenticate or Proxy-Authenticate value."""
        value = f'Digest realm="{self._realm}", nonce="{self._nonce()}", algorithm=MD5, qop="auth"'
        return value + (", stale=true" if stale else "")

    async def check(self, request: Request, header: str) -> Outcome:
        """Check ``Authorization`` or ``Proxy-Authorization``; errors of the phone book pass through."""
        given = self._credentials(request, header)
        if given is None:
            return Outcome(Verdict.MISSING)
        username, nonce, uri = given.get("username", ""), given.get("nonce", ""), given.get("uri", "")
        issued = self._issued_at(nonce)
        if issued is None or not _same_resource(uri, request.uri) or given.get("algorithm", "MD5").upper() != "MD5":
            return Outcome(Verdict.MISSING)
        proof = _proof(given)
        if proof is None:
            return Outcome(Verdict.MISSING)
        count, counted = proof
        secret = await self._phones.phone_secret(username, self._realm)
        ha2 = _md5(f"{request.method}:{uri}")
        # An unknown name costs the same time as a wrong password.
        parts = (secret or self._secret.hex(), nonce, *counted, ha2)
        right = hmac.compare_digest(_md5(":".join(parts)).encode(), given.get("response", "").lower().encode())
        if secret is None or not right:
            return Outcome(Verdict.WRONG, username)
        if self._clock.monotonic() - issued > NONCE_TTL_S or not self._first_use(nonce, count):
            return Outcome(Verdict.STALE, username)
        return Outcome(Verdict.OK, username)

    def _credentials(self, request: Request, header: str) -> dict[str, str] | None:
        """The credentials for our realm; a request may carry others (RFC 3261 §22.3)."""
        for value in request.values(header):
            try:
                parsed = parse_auth(value, credentials=True)
            except Exception:  # noqa: BLE001, S112 - hostile text; without credentials the peer is challenged
                continue
            assert isinstance(parsed, AuthCredentials)
            found = {name.lower(): text for name, text in parsed.params.items()}
            if parsed.scheme.lower() == "digest" and found.get("realm") == self._realm:
                return found
        return None

    def _nonce(self) -> str:
        plain = f"{int(self._clock.monotonic() * 1000):012x}{os.urandom(8).hex()}"
        return plain + self._sign(plain)

    def _sign(self, plain: str) -> str:
        return hmac.new(self._secret, plain.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _issued_at(self, nonce: str) -> float | None:
        """When we issued it, on the monotonic clock; None when we did not."""
        plain, signature = nonce[:28], nonce[28:]
        if not hmac.compare_digest(self._sign(plain).encode(), signature.encode("utf-8", "replace")):
            return None
        return int(plain[:12], 16) / 1000

    def _first_use(self, nonce: str, count: int) -> bool:
        """Whether this nonce count is new; each may be used once, in rising order."""
        oldest = self._clock.monotonic() - NONCE_TTL_S
        while self._used:
            first = next(iter(self._used))
            if len(self._used) <= MAX_NONCES and (self._issued_at(first) or 0.0) >= oldest:
                break
            del self._used[first]
        if count <= self._used.get(nonce, 0):
            return False
        self._used[nonce] = count
        return True


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _proof(given: dict[str, str]) -> tuple[int, tuple[str, ...]] | None:
    """The nonce count, and what stands between nonce and HA2 in the response; None when it cannot be checked."""
    if "qop" not in given:
        return 1, ()
    count = _hex(given.get("nc", ""))
    if given["qop"].lower() != "auth" or count is None or not given.get("cnonce"):
        return None
    return count, (given["nc"], given["cnonce"], given["qop"])


def _same_resource(uri: str, request_uri: str) -> bool:
    """Whether the digest's uri names what was asked for: some phones add or leave out parameters (RFC 7616 §3.4.6)."""
    return uri.partition(";")[0].lower() == request_uri.partition(";")[0].lower()


def _hex(text: str) -> int | None:
    try:
        return int(text, 16) if len(text) == 8 else None  # noqa: PLR2004 - RFC 7616 §3.4: eight digits
    except ValueError:
        return None
