"""Checks log-ins: locks and limits come before any hashing, and each hash is counted before it is made.

Failures are counted by (user, address) and by address, for a browser from which the user has logged in before by
(user, browser) alone. So a stranger locks out only themselves; docs/security.md says why it is done so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.addresses import limit_key, short_form, site_key
from gateway.domain.attempts import Rule
from gateway.ports.audit import AuditTrail
from gateway.ports.clock import Clock
from gateway.ports.login_attempts import Bucket, DeviceStore, LoginAttempts
from gateway.ports.users import UserStore
from gateway.telemetry import metrics
from gateway.web.auth import sha256
from gateway.web.login_trail import LoginTrail
from gateway.web.passwords import Passwords
from gateway.web.problems import Problem

BY_USER = Rule(limit=5, forgive_s=1800)
"""Wrong passwords of one user, from one address or one known device."""
BY_ADDRESS = Rule(limit=30, forgive_s=60)
"""Wrong passwords of whatever users from one address (of IPv6: one site); an office behind NAT is one address."""
DEVICE_DAYS = 90
"""A browser in which a user has not logged in for so long is a stranger's again."""
_AGENTS = ("Edg", "OPR", "MicroMessenger", "Firefox", "Chrome", "Safari", "curl", "python", "aiohttp")
_AGENT = re.compile("|".join(_AGENTS), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Client:
    """The client of a log-in: its address, its browser, and the secret of a device that has logged in before."""

    address: str
    agent: str
    device: str | None = None

    @property
    def detail(self) -> dict[str, str]:
        """What the audit trail says of them: the network and the family of the browser, no more."""
        found = set(map(str.lower, _AGENT.findall(self.agent[:500])))
        family = next((name for name in _AGENTS if name.lower() in found), "other")
        return {"address": short_form(self.address), "agent": family}


def buckets(username: str, client: Client, *, known: bool) -> tuple[Bucket, ...]:
    """What an attempt is counted by; the first is the user's own."""
    who = sha256(username)
    if known:
        return (Bucket(sha256(f"device {client.device} {username}"), BY_USER, who),)
    return (
        Bucket(sha256(f"user {limit_key(client.address)} {username}"), BY_USER, who),
        Bucket(sha256(f"address {site_key(client.address)}"), BY_ADDRESS),
    )


class LogIns:
    """Checks names and passwords of one process; the counts are shared by all."""

    def __init__(
        self,
        *,
        users: UserStore,
        attempts: LoginAttempts,
        devices: DeviceStore,
        audit: AuditTrail,
        clock: Clock,
        passwords: Passwords,
        trail: LoginTrail,
    ) -> None:
        self._users = users
        self._attempts = attempts
        self._devices = devices
        self._audit = audit
        self._clock = clock
        self._passwords = passwords
        self._trail = trail

    async def knows(self, client: Client, username: str | None = None) -> bool:
        """Whether this browser is one from which the user (None: anybody) has logged in before."""
        if client.device is None:
            return False
        since = self._clock.now() - timedelta(days=DEVICE_DAYS)
        return await self._devices.knows(sha256(client.device), username, since)

    async def check(self, username: str, password: str, client: Client, *, known: bool) -> dict[str, Any] | None:
        """The user, when name and password fit; None when not. 429 Problem: locked, or too many at once."""
        counted = buckets(username, client, known=known)
        who = f"device {client.device}" if known else limit_key(client.address)
        until = await self._attempts.locked_until(counted, self._clock.now())
        if until is not None:
            raise await self._refused(username, client, until)
        try:
            async with self._passwords.turn(who, known=known) as turn:
                reserved = await self._attempts.reserve(counted, self._clock.now())
                if reserved.locked_until is not None:
                    raise await self._refused(username, client, reserved.locked_until)
                user = await self._users.get(username)
                fits = await turn.matches(password, user["password_hash"] if user is not None else None)
        except Problem as problem:
            if problem.code == "login_busy":
                await self._told("busy", None, client)
            raise
        if user is None or not fits:
            subject = user["username"] if user is not None else None
            await self._told("locked" if reserved.locks else "failed", subject, client)
            return None
        await self._attempts.was_right(forget=counted[0], give_back=counted[1:])
        return user

    async def welcome(self, username: str, client: Client, device: str) -> None:
        """Write the log-in down and remember the browser by ``device``, its secret."""
        now = self._clock.now()
        await self._devices.remember(sha256(device), username, now)
        await self._audit.write(actor=f"user:{username}", action="login", ticket_id=None, at=now, detail=client.detail)
        metrics.LOGINS.labels("ok").inc()

    async def _refused(self, username: str, client: Client, until: datetime) -> Problem:
        user = await self._users.get(username)
        await self._told("refused", user["username"] if user is not None else None, client)
        wait_s = max(1, round((until - self._clock.now()).total_seconds()))
        return Problem(
            429,
            "login_locked",
            f"Too many wrong passwords from here; try again in {wait_s} s. "
            "Whoever forgot the password asks an administrator for a new one (gateway users reset).",
            headers={"Retry-After": str(wait_s)},
        )

    async def _told(self, result: str, subject: str | None, client: Client) -> None:
        await self._trail.failed(result, subject=subject, **client.detail)
