"""A phone book in memory, as the registrar sees it."""

from __future__ import annotations

import hashlib
from datetime import datetime


class Phones:
    """Phones by name with their password; bindings as the registrar stored them."""

    def __init__(self, passwords: dict[str, str]) -> None:
        self.passwords = passwords
        self.bound: dict[str, dict[str, datetime]] = {}
        self.history: list[tuple[str, str, bool]] = []

    async def phone_secret(self, username: str, realm: str) -> str | None:
        password = self.passwords.get(username)
        if password is None:
            return None
        return hashlib.md5(f"{username}:{realm}:{password}".encode()).hexdigest()  # noqa: S324 - RFC 2617's HA1

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        self.history.append((username, contact, expires_at is not None))
        if expires_at is None:
            self.bound.get(username, {}).pop(contact, None)
        else:
            self.bound.setdefault(username, {})[contact] = expires_at

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:
        return list(self.bound.get(username, {}).items())
