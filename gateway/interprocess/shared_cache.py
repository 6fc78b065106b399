"""Short-lived values and locks that processes share, in Valkey; in this process alone while that is down."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from redis.exceptions import RedisError

from gateway.domain.ids import new_ulid
from gateway.interprocess.valkey_client import Client, ask
from gateway.telemetry import log

PREFIX = "gateway:cache:"
LOCK_PREFIX = "gateway:lock:"
MAX_LOCAL = 10_000
DOWN_S = 5.0
"""After a failure Valkey is not asked for this long (seconds), so that nobody waits for its timeouts."""
_RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
_log = log.get("cache")


class ValkeyCache:
    """Implements ``ports.message.SharedCache``. Values may be secrets: they expire and are never logged."""

    def __init__(self, client: Client | None) -> None:
        """``client`` None: this process only."""
        self._client = client
        self._values: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, float] = {}
        self._down_until = 0.0

    async def answers(self) -> bool:
        """Whether Valkey answers now; where there is none, it does not."""
        if self._client is None:
            return False
        try:
            return bool(await ask(cast("Any", self._client).ping()))
        except (RedisError, OSError):
            return False

    async def get(self, key: str) -> str | None:
        """See ``SharedCache.get``."""
        if self._up:
            try:
                found = await ask(cast("Any", self._client).get(PREFIX + key))
            except (RedisError, OSError) as error:
                self._failed(error)
            else:
                return found.decode() if found is not None else None
        value, until = self._values.get(key, ("", 0.0))
        return value if until > time.monotonic() else None

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        """See ``SharedCache.put``."""
        if self._up:
            try:
                await ask(cast("Any", self._client).set(PREFIX + key, value, px=max(1, int(ttl_s * 1000))))
            except (RedisError, OSError) as error:
                self._failed(error)
        now = time.monotonic()
        if len(self._values) >= MAX_LOCAL:
            self._values = {k: v for k, v in self._values.items() if v[1] > now}
            while len(self._values) >= MAX_LOCAL:
                self._values.pop(next(iter(self._values)))
        self._values[key] = (value, now + ttl_s)

    def lock(self, key: str, ttl_s: float) -> AbstractAsyncContextManager[bool]:
        """See ``SharedCache.lock``."""
        return self._lock(key, ttl_s)

    @asynccontextmanager
    async def _lock(self, key: str, ttl_s: float) -> AsyncIterator[bool]:
        """In this process first, then among processes: while Valkey is down the first part still holds."""
        now = time.monotonic()
        until = now + ttl_s
        if self._locks.get(key, 0.0) > now:
            yield False
            return
        self._locks[key] = until
        token = new_ulid()
        shared = False
        try:
            held = True
            if self._up:
                try:
                    taken = cast("Any", self._client).set(LOCK_PREFIX + key, token, nx=True, px=int(ttl_s * 1000))
                    held = shared = bool(await ask(taken))
                except (RedisError, OSError) as error:
                    self._failed(error)
            yield held
        finally:
            if self._locks.get(key) == until:
                del self._locks[key]
            if shared:
                try:
                    await ask(cast("Any", self._client).eval(_RELEASE, 1, LOCK_PREFIX + key, token))
                except (RedisError, OSError) as error:
                    self._failed(error)  # it ends by itself

    @property
    def _up(self) -> bool:
        return self._client is not None and time.monotonic() >= self._down_until

    def _failed(self, error: Exception) -> None:
        if time.monotonic() >= self._down_until:
            _log.warning("cache_in_this_process_only", exc_info=error)
        self._down_until = time.monotonic() + DOWN_S
