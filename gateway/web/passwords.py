"""Desk passwords: argon2id in two threads behind a bounded queue, so that a flood of log-ins delays nothing else."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gateway.web.problems import Problem
from gateway.web.weak_passwords import MAX_LENGTH

AT_ONCE = 2
WAITING = 64
"""Log-ins that may be in hand or wait in this process; ``KEPT`` of these places are for known devices."""
KEPT = 16
WAITING_EACH = 16
"""Places that one address or known device may have."""
_RETRY_S = 2
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
_ONE_TIME_CHARS = 16
_HASHER = PasswordHasher()
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""Stands in for the hash of a user who does not exist: it costs the same to check, and no password fits."""


def one_time_password() -> str:
    """A random password without letters that look alike: 16 characters of 31, 79 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_ONE_TIME_CHARS))


def hash_password(password: str) -> str:
    """The argon2id hash in PHC format. Takes tens of milliseconds and 64 MiB."""
    return _HASHER.hash(password)


def verify(password: str, password_hash: str) -> bool:
    """Whether ``password`` fits. Takes as long as ``hash_password``."""
    try:
        return _HASHER.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


class HashingTurn:
    """Permission to hash: one of ``AT_ONCE``."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether ``password`` fits; without a hash (no such user) the same work, and no."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, verify, password[:MAX_LENGTH], password_hash or NOBODY)

    async def hash(self, password: str) -> str:
        """See ``hash_password``."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, hash_password, password)


class Passwords:
    """Checks and makes hashes without holding up the event loop."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._free = asyncio.Semaphore(AT_ONCE)
        self._waiting: Counter[str] = Counter()

    @property
    def in_hand(self) -> int:
        """How many are hashed or wait now."""
        return self._waiting.total()

    @asynccontextmanager
    async def turn(self, who: str, *, known: bool) -> AsyncIterator[HashingTurn]:
        """Wait for permission to hash; a 429 Problem at once when the queue is full, or full of ``who``.

        ``who`` is the client's address, or a device ``known`` to us, for which places are kept.
        """
        if self.in_hand >= (WAITING if known else WAITING - KEPT) or self._waiting[who] >= WAITING_EACH:
            raise Problem(
                429,
                "login_busy",
                "Too many log-ins at this moment; try again shortly.",
                headers={"Retry-After": str(_RETRY_S)},
            )
        self._waiting[who] += 1
        try:
            async with self._free:
                yield HashingTurn(self._pool)
        finally:
            self._waiting[who] -= 1
            if not self._waiting[who]:
                del self._waiting[who]

    def close(self) -> None:
        """End the threads once they have finished what they are at."""
        self._pool.shutdown(wait=False, cancel_futures=True)
