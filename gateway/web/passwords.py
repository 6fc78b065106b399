"""Desk passwords: argon2id, hashed and checked in a thread, two at a time so that a flood cannot fill memory."""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_LENGTH = 10
MAX_LENGTH = 200
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_ONE_TIME_CHARS = 16
_HASHER = PasswordHasher()
_AT_ONCE = 2


def one_time_password() -> str:
    """A random password without letters that look alike: 16 characters of 31, 79 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ONE_TIME_CHARS))


def hash_password(password: str) -> str:
    """The argon2id hash in PHC format. Takes tens of milliseconds and 64 MiB."""
    return _HASHER.hash(password)


def weakness(password: str, username: str) -> str | None:
    """What is wrong with a new password, as a problem code, or None."""
    if len(password) < MIN_LENGTH:
        return "password_too_short"
    if len(password) > MAX_LENGTH:
        return "password_too_long"
    if len(set(password)) < 4 or username.lower() in password.lower():  # noqa: PLR2004 - "aaaaaaaaab" is no password
        return "password_too_simple"
    return None


class Passwords:
    """Checks and makes hashes without holding up the event loop."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether ``password`` fits. With no hash (no such user) it takes as long and says no."""
        async with self._slots:
            if self._nobody is None:
                self._nobody = await asyncio.to_thread(hash_password, secrets.token_hex())
            fits = await asyncio.to_thread(_verify, password[:MAX_LENGTH], password_hash or self._nobody)
        return fits and password_hash is not None

    async def hash(self, password: str) -> str:
        """See ``hash_password``."""
        async with self._slots:
            return await asyncio.to_thread(hash_password, password)


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False
