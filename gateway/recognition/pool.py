"""The recognisers that a process may use: chooses one for each stream, and probes which of them work."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.domain.backoff import backoff_s
from gateway.recognition.connection import CONNECT_S, Access, Full, Unreachable
from gateway.telemetry import log, metrics

PROBE_S = 10.0
"""Seconds between probes of each recogniser."""
LOST_S = 2.0
"""One that has just lost a stream is tried last for so long."""
FULL_S = 1.0
"""One that had no room is not asked again for so long."""
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 10.0
_log = log.get("recognition")


@dataclass(slots=True)
class _Server:
    """What is known of one recogniser; times are ``now``'s."""

    streams: int = 0
    why: str | None = ""
    """Why it cannot be used; None: it can; empty: not probed yet."""
    failures: int = 0
    retry_at: float = -math.inf
    lost_at: float = -math.inf
    full_until: dict[bool, float] = field(default_factory=lambda: {True: -math.inf, False: -math.inf})
    """For live streams, and for catch-up."""


class Pool:
    """One for all streams of a process. A recogniser that cannot be reached is left alone for growing pauses.

    Not thread-safe: belongs to one event loop.
    """

    def __init__(
        self, urls: Callable[[], Sequence[str]], access: Access, now: Callable[[], float] = time.monotonic
    ) -> None:
        """``urls`` is asked each time: recognisers come and go. ``now`` in seconds, never running backwards."""
        self._urls = urls
        self._now = now
        self.access = access
        self._servers: dict[str, _Server] = {}
        self._none_told_from = -math.inf

    def take(self, *, live: bool) -> str | None:
        """The recogniser for a new connection, the one with the fewest streams; None when there is none now.

        It counts as used until ``release``.
        """
        now = self._now()
        fit = self._fit(now, live=live)
        if not fit:
            return None
        url = min(fit, key=lambda u: (now - fit[u].lost_at < LOST_S, fit[u].streams))
        server = fit[url]
        server.streams += 1
        if server.failures:  # one stream finds out for all of them
            server.retry_at = now + CONNECT_S
        return url

    def any_fit(self, *, live: bool) -> bool:
        """Whether ``take`` would find one."""
        return bool(self._fit(self._now(), live=live))

    def release(self, url: str) -> None:
        """The connection is over."""
        self._servers[url].streams -= 1

    def connected(self, url: str) -> None:
        """It has taken a connection."""
        server = self._server(url)
        server.failures, server.retry_at = 0, -math.inf
        self._told(url, server, None)

    def failed(self, url: str, why: str) -> None:
        """It could not be used: it is left alone for a while. ``why`` tells a person what to do."""
        server = self._server(url)
        server.failures += 1
        jitter = random.random()  # noqa: S311 - spreads the clients of a recogniser that comes back
        server.retry_at = self._now() + backoff_s(
            server.failures, first_s=FIRST_BACKOFF_S, most_s=MAX_BACKOFF_S, jitter=jitter
        )
        self._told(url, server, why)

    def full(self, url: str, *, live: bool) -> None:
        """It works, and has no room for such a stream."""
        self._server(url).full_until[live] = self._now() + FULL_S
        self.connected(url)

    def lost(self, url: str) -> None:
        """A stream broke off there."""
        self._server(url).lost_at = self._now()

    @property
    def usable(self) -> int:
        """How many could be reached when last tried."""
        return sum(self._server(url).why is None for url in self._known())

    async def watch(self, *, loading_s: float = 0.0) -> None:
        """Look at every recogniser again and again, until cancelled: ``gateway_asr_usable`` is what comes of it.

        That there is none is not told for the first ``loading_s``: this machine's own load their models then.
        """
        self._none_told_from = self._now() + loading_s
        while True:
            await self.look()
            self._count()
            await asyncio.sleep(PROBE_S)

    async def look(self) -> None:
        """Look at every recogniser once. One that is well again is used at once."""
        known = self._known()
        for url in [url for url, server in self._servers.items() if url not in known and not server.streams]:
            del self._servers[url]
        await asyncio.gather(*map(self._look_at, known))

    async def _look_at(self, url: str) -> None:
        try:
            await self.access.probe(url)
        except Full:
            pass
        except Unreachable as error:
            self.failed(url, str(error))
            return
        self.connected(url)

    def _count(self) -> None:
        if self.usable or self._now() >= self._none_told_from:
            metrics.ASR_USABLE.set(self.usable)

    def _known(self) -> list[str]:
        return list(dict.fromkeys(self._urls()))

    def _server(self, url: str) -> _Server:
        return self._servers.setdefault(url, _Server())

    def _fit(self, now: float, *, live: bool) -> dict[str, _Server]:
        known = {url: self._server(url) for url in self._known()}
        return {url: s for url, s in known.items() if s.retry_at <= now and s.full_until[live] <= now}

    def _told(self, url: str, server: _Server, why: str | None) -> None:
        """Log a change of state, once."""
        if why == server.why:
            return
        before, server.why = server.why, why
        if why is not None:
            _log.warning("recogniser_unusable", url=url, why=why)
        elif before:
            _log.info("recogniser_usable", url=url)
        self._count()
