"""Failed log-ins in the audit trail: repeats are counted, so that nobody can fill the table."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from gateway.errors import StoreUnavailable
from gateway.ports.audit import AuditTrail, Look
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics, trace

WINDOW_S = 600.0
KINDS = 100
"""Kinds of failure counted apart in one window; all others are counted together, without user and address."""
NOBODY = "anonymous"
_log = log.get("web.login")
_Kind = tuple[str, str | None, str | None, str | None]


class LoginTrail:
    """Writes down failures of one process: at most ``2 * (KINDS + 5)`` rows a window, however many there are."""

    def __init__(self, audit: AuditTrail, clock: Clock) -> None:
        """Starts nothing."""
        self._audit = audit
        self._clock = clock
        self._again: Counter[_Kind] = Counter()
        self._seen: set[_Kind] = set()
        self._closing: asyncio.Task[None] | None = None
        for result in ("failed", "locked", "busy"):  # what alarms by how it grows begins at 0
            metrics.LOGINS.labels(result)

    async def failed(self, result: str, *, subject: str | None, address: str, agent: str) -> None:
        """What a log-in came to: ``failed``, ``locked`` (the failure that locks), ``refused``, ``busy``, ``disabled``.

        ``subject`` is a user's name, None for a name that nobody has: people type passwords there.
        """
        metrics.LOGINS.labels(result).inc()
        kind: _Kind = (f"login.{result}", subject, address, agent)
        if kind not in self._seen and len(self._seen) >= KINDS:
            kind = (f"login.{result}", None, None, None)
        if kind in self._seen:
            self._again[kind] += 1
            return
        self._seen.add(kind)
        if self._closing is None or self._closing.done():
            self._closing = asyncio.create_task(self._close_window(), name="web-login-trail", context=trace.outside())
        await self._write([(kind, 1)])

    async def _close_window(self) -> None:
        await asyncio.sleep(WINDOW_S)
        await self._count()

    async def _count(self) -> None:
        again, self._again = self._again, Counter()
        self._seen.clear()
        await self._write(list(again.items()))

    async def _write(self, kinds: list[tuple[_Kind, int]]) -> None:
        try:
            await self._audit.write_all([self._look(kind, count) for kind, count in kinds])
        except StoreUnavailable as error:
            _log.error("login_failures_not_stored", count=sum(count for _, count in kinds), exc_info=error)

    def _look(self, kind: _Kind, count: int) -> Look:
        action, subject, address, agent = kind
        detail: dict[str, Any] = {"subject": subject, "address": address, "agent": agent, "count": count}
        return Look(NOBODY, action, None, self._clock.now(), detail)

    async def aclose(self) -> None:
        """Write the counts of the window that is open."""
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.gather(self._closing, return_exceptions=True)
        await self._count()
