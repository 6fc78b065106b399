"""Authentication: API tokens, signing sources and desk sessions become a ``Principal`` with its permissions."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from gateway.ports.clock import Clock
from gateway.ports.sessions import SessionStore
from gateway.ports.tokens import TokenStore
from gateway.web.clients import Proxies, RateLimiter
from gateway.web.problems import Problem

READ, WRITE, CONTACTS, ADMIN = "tickets:read", "tickets:write", "contacts:write", "admin"
MEDIA = "media:read"
"""Recordings and attachments; together with ``tickets:read``."""
CASES = "cases:write"
"""A case system tells how far it is."""
OWN_TASKS = "tasks:own"
"""The tasks of one's own unit, and nothing else. No token has it: a token is of no unit."""
SCOPES = (READ, WRITE, CONTACTS, MEDIA, CASES, ADMIN)
UNIT = "unit"
"""The role of people who are not at the desk but in one of the units that act."""
ROLE_SCOPES = {
    "agent": frozenset({READ, WRITE, MEDIA}),
    "supervisor": frozenset({READ, WRITE, MEDIA}),
    "admin": frozenset({READ, WRITE, MEDIA, ADMIN}),
    UNIT: frozenset({OWN_TASKS}),
}
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = re.compile(r"^Bearer +([A-Za-z0-9._~+/=-]{1,256})$", re.IGNORECASE)
REMEMBER_S = 2.0
"""A token that was known is not looked up again for so long, so a revoked one lives on for that time."""
_REMEMBER = 1000
IDLE_HEADER = "X-Idle"
"""Header of requests that the desk makes by itself: they do not keep a session alive."""
TOUCH_S = 60.0
"""A session's last use is written down so often at most."""


def sha256(text: str) -> str:
    """Hex digest: what is stored and looked up instead of a secret of 128 bits or more."""
    return hashlib.sha256(text.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """The token that a page must send with every change; it cannot be made without the session's cookie."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated client. ``actor`` is what events and audit rows name."""

    actor: str
    name: str
    scopes: frozenset[str]
    username: str | None = None
    role: str | None = None
    unit: str | None = None
    """Whose tasks they may see, of the role ``unit``."""
    must_change_password: bool = False
    expires_at: datetime | None = None

    def may(self, scope: str) -> bool:
        """Whether ``scope`` is granted; ``admin`` grants every other one."""
        return scope in self.scopes or ADMIN in self.scopes

    @property
    def sees_all(self) -> bool:
        """Whether phones and names are shown to them unmasked."""
        return ADMIN in self.scopes

    @property
    def at_desk(self) -> bool:
        """Whether this is a person at the desk, who may read what callers said and reveal a number."""
        return self.role not in {None, UNIT} or ADMIN in self.scopes


class Authenticator:
    """Turns a request's credentials into a Principal."""

    def __init__(
        self,
        *,
        tokens: TokenStore,
        sessions: SessionStore,
        clock: Clock,
        proxies: Proxies,
        failures_per_s: float,
        idle_s: float,
    ) -> None:
        """Limits of failures and of idle sessions.

        ``failures_per_s``: requests without valid credentials of one address; ``idle_s``: a session that was not used
        for so long has ended.
        """
        self._tokens = tokens
        self._sessions = sessions
        self._clock = clock
        self._proxies = proxies
        self._idle = timedelta(seconds=idle_s)
        self._remembered: OrderedDict[str, tuple[float, dict[str, Any]]] = OrderedDict()
        self.failures = RateLimiter(per_s=failures_per_s, clock=clock, burst=max(20.0, failures_per_s * 4))

    def device_cookie(self, request: web.Request) -> str:
        """The cookie by which a browser is known again at its next log-in."""
        return f"{self.cookie_name(request)}-device"

    def cookie_name(self, request: web.Request) -> str:
        """``__Host-`` binds the cookie to this very host (RFC 6265bis); browsers take that over TLS only."""
        return "__Host-gateway" if self._proxies.secure(request) else "gateway"

    async def principal(self, request: web.Request, *, in_use: bool = True) -> Principal:
        """The Principal of a request; 401 without valid credentials, 403 for a change without the page's token.

        A session lives on by requests that somebody makes: not by those with ``X-Idle``, nor unless ``in_use``.
        """
        header = request.headers.get("Authorization")
        if header is not None:
            return await self._bearer(request, header)
        cookie = request.cookies.get(self.cookie_name(request))
        if cookie:
            return await self._session(request, cookie, in_use=in_use and IDLE_HEADER not in request.headers)
        raise self.unauthorized("Log in, or send an API token: Authorization: Bearer …")

    async def _bearer(self, request: web.Request, header: str) -> Principal:
        found = _BEARER.match(header.strip())
        if found is None:
            raise self.failed(request, "The Authorization header is not 'Bearer' and a token.")
        return await self.holder(request, found.group(1))

    async def holder(self, request: web.Request, given: str) -> Principal:
        """The Principal of an API token, however it was sent; a 401 Problem when it is none."""
        token = await self._token(sha256(given))
        if token is None:
            raise self.failed(request, "This token is not known or was revoked.")
        self.check_holder(request, token)
        return Principal(
            actor=f"token:{token['name']}",
            name=token["name"],
            scopes=frozenset(token["scopes"]),
            expires_at=token["expires_at"],
        )

    async def _token(self, digest: str) -> dict[str, Any] | None:
        now = self._clock.monotonic()
        known = self._remembered.get(digest)
        if known is not None and now - known[0] < REMEMBER_S:
            return known[1]
        token = await self._tokens.get(digest)
        if token is None:
            self._remembered.pop(digest, None)
            return None
        self._remembered[digest] = (now, token)
        if len(self._remembered) > _REMEMBER:
            self._remembered.popitem(last=False)
        return token

    def check_holder(self, request: web.Request, token: dict[str, Any]) -> None:
        """401 when a token or signing secret has expired, 403 when it may not be used from the client's address."""
        expires = token["expires_at"]
        if expires is not None and expires <= self._clock.now():
            raise self.failed(
                request,
                f"{token['name']} expired at {expires:%Y-%m-%d %H:%M} UTC; make a new one: gateway tokens create.",
                code="token_expired",
            )
        if token["addresses"] and not _within(self._proxies.client(request), token["addresses"]):
            self.failed(request, "")
            raise Problem(
                403,
                "token_address_refused",
                f"{token['name']} may not be used from this address; gateway tokens list shows from which.",
            )

    async def _session(self, request: web.Request, cookie: str, *, in_use: bool) -> Principal:
        digest, now = sha256(cookie), self._clock.now()
        user = await self._sessions.get(digest, now)
        if user is None:
            raise self.unauthorized("The session has ended; log in again.", "session_ended")
        seen_at = user["seen_at"]
        if seen_at is not None and now - seen_at > self._idle:
            raise self.unauthorized("The session ended because it was not used; log in again.", "session_idle")
        if request.method not in SAFE_METHODS:
            sent = request.headers.get(CSRF_HEADER, "")
            if not secrets.compare_digest(sent.encode(), csrf_token(cookie).encode()):
                raise Problem(
                    403, "csrf_token_missing", f"Changes from a page need its {CSRF_HEADER} header; reload it."
                )
        if in_use and (seen_at is None or (now - seen_at).total_seconds() > TOUCH_S):
            await self._sessions.touch(digest, now)
        return Principal(
            actor=f"user:{user['username']}",
            name=user["name"],
            scopes=ROLE_SCOPES.get(user["role"], frozenset()),
            username=user["username"],
            role=user["role"],
            unit=user["unit"],
            must_change_password=bool(user["one_time"]),
            expires_at=user["expires_at"],
        )

    def check_failures(self, request: web.Request) -> None:
        """429 when this address failed too often lately. For passwords only: no flood may lock out who has a token."""
        if self.failures.exhausted(self._proxies.counted(request)):
            raise Problem(
                429,
                "too_many_failures",
                "Too many requests without valid credentials; wait.",
                headers={"Retry-After": "5"},
            )

    def failed(self, request: web.Request, detail: str, *, code: str = "unauthorized") -> Problem:
        """A 401 that counts against the client's address."""
        self.check_failures(request)
        self.failures.take(self._proxies.counted(request))
        return self.unauthorized(detail, code)

    @staticmethod
    def unauthorized(detail: str, code: str = "unauthorized") -> Problem:
        """A 401."""
        return Problem(401, code, detail, headers={"WWW-Authenticate": 'Bearer realm="gateway"'})


def _within(address: str, networks: Sequence[str]) -> bool:
    """Whether ``address`` lies in one of ``networks``; an IPv4 address mapped into IPv6 counts as what it is."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)
