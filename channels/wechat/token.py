"""One access token for a channel, however many processes and requests use it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.clock import Clock
from gateway.ports.message import ChannelHealth, SharedCache
from gateway.telemetry import log

_log = log.get("wechat")

_EARLY_S = 300
"""A token is replaced this long before its end; the platform keeps the old one good meanwhile."""
_SHORTEST_S = 30
_POLL_S = 0.05
_ACCOUNT_RETRY_S = 300.0
_REMEMBER_FAILURE_S = 2.0
"""Seconds for which a failed refresh is shared with those that waited for it."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as the platform issued it."""

    value: str
    expires_in_s: int


class TokenSource:
    """Hands out the token; one refresher at a time, over all processes that share the cache.

    ``issue(force)`` asks the platform; ``force`` because the present token was refused.
    """

    def __init__(
        self,
        *,
        key: str,
        issue: Callable[[bool], Awaitable[Issued]],
        cache: SharedCache,
        health: ChannelHealth,
        clock: Clock,
        lock_s: float,
    ) -> None:
        self._key = key
        self._issue = issue
        self._cache = cache
        self._health = health
        self._clock = clock
        self._lock_s = lock_s
        self._here = asyncio.Lock()
        self._failure: tuple[str, float | None] | None = None
        self._failed_at = 0.0

    async def get(self, *, refused: str | None = None) -> str:
        """A token other than the ``refused`` one.

        Raises only ``TransientDeliveryError``: no message is lost because an account is in trouble.
        """
        cached = await self._cache.get(self._key)
        if cached and cached != refused:
            return cached
        async with self._here:
            if self._failure is not None and self._clock.monotonic() - self._failed_at < _REMEMBER_FAILURE_S:
                said, retry_after_s = self._failure
                raise TransientDeliveryError(said, retry_after_s=retry_after_s)
            return await self._shared(refused)

    async def _shared(self, refused: str | None) -> str:
        """Refresh, or wait until the process that does has done it."""
        deadline = self._clock.monotonic() + self._lock_s
        while True:
            cached = await self._cache.get(self._key)
            if cached and cached != refused:
                return cached
            async with self._cache.lock(f"{self._key}:refresh", self._lock_s) as ours:
                if ours:
                    # Somebody may have finished between our look and our lock.
                    cached = await self._cache.get(self._key)
                    return cached if cached and cached != refused else await self._refresh(force=refused is not None)
            if self._clock.monotonic() > deadline:
                raise TransientDeliveryError("another process is refreshing the token", retry_after_s=1)
            await asyncio.sleep(_POLL_S)

    async def _refresh(self, *, force: bool) -> str:
        try:
            issued = await self._issue(force)
        except (TransientDeliveryError, PermanentDeliveryError) as error:
            wish = error.retry_after_s if isinstance(error, TransientDeliveryError) else _ACCOUNT_RETRY_S
            self._failure = (str(error), wish)
            self._failed_at = self._clock.monotonic()
            self._health.token(ok=False)
            _log.warning("wechat_token_refused", exc_info=error)
            raise TransientDeliveryError(str(error), retry_after_s=wish) from None
        self._failure = None
        kept_s = max(issued.expires_in_s - _EARLY_S, min(issued.expires_in_s, _SHORTEST_S))
        await self._cache.put(self._key, issued.value, kept_s)
        self._health.token(ok=True, expires_at=self._clock.now() + timedelta(seconds=issued.expires_in_s))
        _log.info("wechat_token_refreshed", forced=force, kept_s=kept_s)
        return issued.value
