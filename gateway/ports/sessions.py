"""Log-ins at the desk that are open."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class SessionStore(Protocol):
    """Sessions, looked up by the sha256 of their cookie."""

    async def add(
        self, token_sha256: str, username: str, expires_at: datetime, now: datetime, *, password_hash: str | None = None
    ) -> bool:
        """A desk login. False, and none, when the user's password is not ``password_hash`` any more."""
        ...

    async def get(self, token_sha256: str, now: datetime) -> dict[str, Any] | None:
        """{username, name, role, unit, one_time, expires_at, seen_at} of a live session of an enabled user.

        ``seen_at`` may be None: not seen since it began.
        """
        ...

    async def touch(self, token_sha256: str, now: datetime) -> None:
        """The session is in use."""
        ...

    async def end(self, token_sha256: str) -> None:
        """Log out."""
        ...
