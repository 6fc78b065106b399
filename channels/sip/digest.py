"""Digest authentication of our phones: RFC 7616 (RFC 2617) with MD5, RFC 3261 §22.

We offer qop=auth. A phone that knows only RFC 2069 answers without it; RFC 2617 §3.2.2 keeps that for such clients,
and so do we, but then each nonce is good for one request. It is good for the host that asked for it only: nobody can
use up another's tries with packets that bear its address.
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
MAX_USERNAME = 64
PLAIN = 28
"""Characters of a nonce before its signature: the time, then chance."""


class Verdict(Enum):
    """The result of checking credentials."""

    OK = auto()
    STALE = auto()
    """Right password, old nonce: challenge with stale=true, nobody is asked for the password again."""
    WRONG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Credentials that can be checked: made for a nonce that we gave to that source."""

    username: str
    nonce: str
    issued: float
    """When the nonce was made, on the monotonic clock."""
    count: int
    counted: tuple[str, ...]
    """What stands between nonce and HA2 in the response."""
    ha2: str
    response: str


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

    def challenge(self, source: str, *, stale: bool = False) -> str:
        """A WWW-Authenticate or Proxy-Authenticate value for the host ``source``."""
        value = f'Digest realm="{self._realm}", nonce="{self._nonce(source)}", algorithm=MD5, qop="auth"'
        return value + (", stale=true" if stale else "")

    def claim(self, request: Request, header: str) -> Claim | None:
        """What ``Authorization`` or ``Proxy-Authorization`` claims; None calls for a challenge. Asks nobody."""
        given = self._credentials(request, header)
        if given is None:
            return None
        nonce, uri = given.get("nonce", ""), given.get("uri", "")
        issued = self._issued_at(nonce, request.flow.host)
        if issued is None or not _same_resource(uri, request.uri) or given.get("algorithm", "MD5").upper() != "MD5":
            return None
        proof = _proof(given)
        username = given.get("username", "")
        if proof is None or not 0 < len(username) <= MAX_USERNAME or not username.isprintable():
            return None
        return Claim(
            username=username,
            nonce=nonce,
            issued=issued,
            count=proof[0],
            counted=proof[1],
            ha2=_md5(f"{request.method}:{uri}"),
            response=given.get("response", "").lower(),
        )

    async def check(self, claim: Claim) -> Verdict:
        """Ask the phone book, whose errors pass through. An unknown name costs the same time as a wrong password."""
        secret = await self._phones.phone_secret(claim.username, self._realm)
        parts = (secret or self._secret.hex(), claim.nonce, *claim.counted, claim.ha2)
        right = hmac.compare_digest(_md5(":".join(parts)).encode(), claim.response.encode("utf-8", "replace"))
        if secret is None or not right:
            return Verdict.WRONG
        if self._clock.monotonic() - claim.issued > NONCE_TTL_S or not self._first_use(claim.nonce, claim.count):
            return Verdict.STALE
        return Verdict.OK

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

    def _nonce(self, source: str) -> str:
        plain = f"{int(self._clock.monotonic() * 1000):012x}{os.urandom(8).hex()}"
        return plain + self._sign(plain, source)

    def _sign(self, plain: str, source: str) -> str:
        text = f"{plain}\n{source}"
        return hmac.new(self._secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]

    def _issued_at(self, nonce: str, source: str) -> float | None:
        """When we gave it to ``source``, on the monotonic clock; None when we did not."""
        plain, signature = nonce[:PLAIN], nonce[PLAIN:]
        if not hmac.compare_digest(self._sign(plain, source).encode(), signature.encode("utf-8", "replace")):
            return None
        return _made_at(nonce)

    def _first_use(self, nonce: str, count: int) -> bool:
        """Whether this nonce count is new; each may be used once, in rising order."""
        oldest = self._clock.monotonic() - NONCE_TTL_S
        while self._used:
            first = next(iter(self._used))
            if len(self._used) <= MAX_NONCES and _made_at(first) >= oldest:
                break
            del self._used[first]
        if count <= self._used.get(nonce, 0):
            return False
        self._used[nonce] = count
        return True


def _made_at(nonce: str) -> float:
    """The time in a nonce of ours, on the monotonic clock."""
    return int(nonce[:12], 16) / 1000


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


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
