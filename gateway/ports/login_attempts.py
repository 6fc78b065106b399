"""What is remembered of attempts to log in, and of browsers in which one succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.attempts import Rule


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


class LoginAttempts(Protocol):
    """Failures, counted over all processes."""

    async def locked_until(self, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
        """Until when one of these is locked; None when an attempt may be made."""
        ...

    async def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """Count one attempt as failed in all of them before its password is checked, unless one is locked.

        One transaction: of any number of attempts at once, in any number of processes, no more than the rules allow
        are let through.
        """
        ...

    async def was_right(self, *, forget: Bucket, give_back: Sequence[Bucket]) -> None:
        """The reserved attempt was no failure: ``forget`` all failures of one bucket, count one less in the others."""
        ...


class DeviceStore(Protocol):
    """Browsers, known by the sha256 of a secret of theirs."""

    async def knows(self, device_sha256: str, username: str | None, since: datetime) -> bool:
        """Whether the user (None: anybody) has logged in from this browser after ``since``."""
        ...

    async def remember(self, device_sha256: str, username: str, now: datetime) -> None:
        """The user has logged in from this browser."""
        ...
