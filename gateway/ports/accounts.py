"""People and programs that may use the API and the desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.domain.attempts import Rule


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody saw or did something; ``detail`` says of log-ins and accounts whose (``subject``) and from where."""

    actor: str
    action: str
    ticket_id: str | None
    at: datetime
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """What failed log-ins are counted by: a digest, the rule that holds, and the digest of the name that was tried."""

    key: str
    rule: Rule
    username_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Leave to check one password; ``locked_until`` is set when there is none, ``locks`` when it was the last one."""

    locked_until: datetime | None = None
    locks: bool = False


class AccountStore(Protocol):
    """Users, sessions and API tokens. Secrets are stored hashed; a token or session is looked up by its sha256.

    What changes an account or token takes ``by``, who does it: given, the audit trail says so in the same transaction.
    """

    async def add_user(
        self,
        *,
        username: str,
        name: str,
        role: str,
        password_hash: str,
        one_time: bool = False,
        by: str | None = None,
        action: str = "user.added",
    ) -> None:
        """Create or replace a user, who is enabled; their sessions, devices and locks end.

        Role ``agent``, ``supervisor`` or ``admin``; ``one_time`` asks for a new password at login. ``action`` is what
        the audit trail calls it.
        """
        ...

    async def user(self, username: str) -> dict[str, Any] | None:
        """{username, name, role, password_hash, one_time, disabled} or None."""
        ...

    async def users(self) -> list[dict[str, Any]]:
        """{username, name, role, one_time, disabled} of everybody by username."""
        ...

    async def change_role(self, username: str, role: str, *, by: str | None = None) -> str | None:
        """Give a user another role, which their open sessions have at once; the one before, None for no such user.

        A role that they have already is no change and leaves nothing in the audit trail.
        """
        ...

    async def enable_user(self, username: str, *, enabled: bool, by: str | None = None) -> bool:
        """Let a user log in, or end their sessions and let them no more; False when there is no such user."""
        ...

    async def locked_until(self, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
        """Until when one of these is locked; None when an attempt may be made."""
        ...

    async def reserve_attempt(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Count one attempt as failed in all of them before its password is checked, unless one is locked.

        One transaction: of any number of attempts at once, in any number of processes, no more than the rules allow
        are let through.
        """
        ...

    async def attempt_was_right(self, *, forget: Bucket, give_back: Sequence[Bucket]) -> None:
        """The reserved attempt was no failure: ``forget`` all failures of one bucket, count one less in the others."""
        ...

    async def knows_device(self, device_sha256: str, username: str | None, since: datetime) -> bool:
        """Whether the user (None: anybody) has logged in from this browser after ``since``."""
        ...

    async def remember_device(self, device_sha256: str, username: str, now: datetime) -> None:
        """The user has logged in from this browser."""
        ...

    async def add_session(
        self, token_sha256: str, username: str, expires_at: datetime, now: datetime, *, password_hash: str | None = None
    ) -> bool:
        """A desk login. False, and none, when the user's password is not ``password_hash`` any more."""
        ...

    async def session(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """{username, name, role, one_time, expires_at, seen_at} of a live session of an enabled user.

        ``seen_at`` may be None: not seen since it began.
        """
        ...

    async def touch_session(self, token_sha256: str, now: datetime) -> None:
        """The session is in use."""
        ...

    async def end_session(self, token_sha256: str) -> None:
        """Log out."""
        ...

    async def add_token(
        self,
        *,
        name: str,
        scopes: list[str],
        token_sha256: str,
        hmac_secret: str | None = None,
        expires_at: datetime | None = None,
        addresses: Sequence[str] = (),
        by: str | None = None,
    ) -> None:
        """An API token; the name is unique, a second one under it replaces the first.

        Without ``expires_at`` it never expires; ``addresses`` are the networks it may be used from, none: from all.
        """
        ...

    async def token(self, token_sha256: str) -> dict[str, Any] | None:
        """{name, scopes, expires_at, addresses} of a token, also of one that has expired."""
        ...

    async def tokens(self) -> list[dict[str, Any]]:
        """{name, scopes, signs, expires_at, addresses} of every token by name.

        ``signs``: it has a secret to sign contacts with.
        """
        ...

    async def remove_token(self, name: str, *, by: str | None = None) -> bool:
        """Forget a token and its signing secret; False when there is none of this name."""
        ...

    async def signing_source(self, name: str) -> dict[str, Any] | None:
        """{name, hmac_secret, expires_at, addresses} of a source that may sign contacts, or None."""
        ...

    async def add_phone(self, *, username: str, ha1: dict[str, str], agent: str | None, by: str | None = None) -> None:
        """A SIP phone of our own; ``ha1`` by realm."""
        ...

    async def audit(
        self,
        *,
        actor: str,
        action: str,
        ticket_id: str | None,
        at: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Who saw or did what (no personal values)."""
        ...

    async def audit_all(self, looks: Sequence[Look]) -> None:
        """Many of these in one transaction."""
        ...

    async def trail(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        ticket_id: str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> list[dict[str, Any]]:
        """{audit_id, actor, action, ticket_id, at, detail}, newest first.

        ``before`` goes on after the last audit_id seen.
        """
        ...
