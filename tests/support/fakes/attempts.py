"""Attempts counted in this process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.attempts import Attempts
from gateway.ports.login_attempts import Bucket, Reservation


class CountedAttempts:
    """Implements ``ports.login_attempts.LoginAttempts`` by the domain's rule."""

    def __init__(self) -> None:
        self._counted: dict[str, Attempts] = {}

    async def locked_until(self, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
        """See ``LoginAttempts.locked_until``."""
        found = (self._counted.get(bucket.key) for bucket in buckets)
        return max((one.locked_until for one in found if one and one.locked(now) and one.locked_until), default=None)

    async def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """See ``LoginAttempts.reserve``."""
        if (until := await self.locked_until(buckets, now)) is not None:
            return Reservation(locked_until=until)
        for bucket in buckets:
            before = self._counted.get(bucket.key, Attempts(0, now))
            self._counted[bucket.key] = before.one_more(bucket.rule, now)
        return Reservation(locks=any(self._counted[bucket.key].locked_until for bucket in buckets))

    async def was_right(self, *, forget: Bucket, give_back: Sequence[Bucket]) -> None:
        """See ``LoginAttempts.was_right``."""
        self._counted.pop(forget.key, None)
        for bucket in give_back:
            self._counted[bucket.key] = self._counted[bucket.key].one_less(bucket.rule)
