"""People and programs that may use the API and the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody saw or did something."""

    actor: str
    action: str
    ticket_id: str | None
    at: datetime


class AccountStore(Protocol):
    """Users, sessions and API tokens. Secrets are stored hashed; a token or session is looked up by its sha256."""

    async def add_user(
        self, *, username: str, name: str, role: str, password_hash: str, one_time: bool = False
    ) -> None:
        """Create or replace a user.

        Role ``agent``, ``supervisor`` or ``admin``; ``one_time`` asks for a new password at login.
        """
        ...

    async def user(self, username: str) -> dict[str, Any] | None:
        """{username, name, role, password_hash, one_time, failed, locked_until} or None."""
        ...

    async def login_result(self, username: str, *, ok: bool, locked_until: datetime | None) -> None:
        """Count a failed login or reset the count."""
        ...

    async def add_session(self, token_sha256: str, username: str, expires_at: datetime) -> None:
        """A desk login."""
        ...

    async def session(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """{username, name, role, expires_at} of a live session."""
        ...

    async def end_session(self, token_sha256: str) -> None:
        """Log out."""
        ...

    async def add_token(
        self, *, name: str, scopes: list[str], token_sha256: str, hmac_secret: str | None = None
    ) -> None:
        """An API token; the name is unique, a second one under it replaces the first."""
        ...

    async def token(self, token_sha256: str) -> dict[str, Any] | None:
        """{name, scopes} of a token."""
        ...

    async def tokens(self) -> list[dict[str, Any]]:
        """{name, scopes, signs} of every token by name; ``signs``: it has a secret to sign contacts with."""
        ...

    async def remove_token(self, name: str) -> bool:
        """Forget a token and its signing secret; False when there is none of this name."""
        ...

    async def source_secret(self, name: str) -> str | None:
        """The HMAC secret of a signing source, or None."""
        ...

    async def add_phone(self, *, username: str, ha1: dict[str, str], agent: str | None) -> None:
        """A SIP phone of our own; ``ha1`` by realm."""
        ...

    async def audit(self, *, actor: str, action: str, ticket_id: str | None, at: datetime) -> None:
        """Who saw or did what (no personal values)."""
        ...

    async def audit_all(self, looks: Sequence[Look]) -> None:
        """Many of these in one transaction."""
        ...

    async def trail(
        self, *, actor: str | None = None, ticket_id: str | None = None, before: str | None = None, limit: int = 200
    ) -> list[dict[str, Any]]:
        """{audit_id, actor, action, ticket_id, at}, newest first; ``before`` goes on after the last audit_id seen."""
        ...
