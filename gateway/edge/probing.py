"""What stands for the house's services while a provider is only asked whether it takes our credentials."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime


class UntoldHealth:
    """A ``ChannelHealth`` of whom nobody hears."""

    def token(self, *, ok: bool, expires_at: datetime | None = None) -> None:
        """See ``ChannelHealth.token``."""

    def connected(self, *, up: bool) -> None:
        """See ``ChannelHealth.connected``."""

    def refused(self, reason: str) -> None:
        """See ``ChannelHealth.refused``."""


class ForgetfulCache:
    """A ``SharedCache`` that keeps nothing."""

    async def get(self, key: str) -> str | None:  # noqa: ARG002 - SharedCache's
        """See ``SharedCache.get``."""
        return None

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        """See ``SharedCache.put``."""

    @asynccontextmanager
    async def lock(self, key: str, ttl_s: float) -> AsyncIterator[bool]:  # noqa: ARG002 - SharedCache's
        """See ``SharedCache.lock``."""
        yield True
