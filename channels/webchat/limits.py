"""How much one address and one session may ask of us."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from channels.webchat.answers import Refusal
from channels.webchat.settings import WebChatSettings
from gateway.ports.clock import Clock

_MOST_KEYS = 50_000


class Buckets:
    """Token buckets by key; the longest unused one is dropped first."""

    def __init__(self, *, per_minute: float, burst: float, clock: Clock) -> None:
        """``burst`` at once, ``per_minute`` in the long run."""
        self._per_s = per_minute / 60
        self._burst = max(1.0, burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Spend one of ``key``; a 429 that says how long to wait when none is left."""
        now = self._clock.monotonic()
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        self._buckets[key] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        if left < 1:
            raise Refusal(429, "too_many", "Too much at once; wait a moment.", retry_after_s=(1 - left) / self._per_s)


class Connections:
    """Open sockets and streams, counted by address and by session."""

    def __init__(self, settings: WebChatSettings) -> None:
        self._settings = settings
        self._by: Counter[str] = Counter()
        self.total = 0

    @contextmanager
    def hold(self, *, address: str, sender: str) -> Iterator[None]:
        """Count one more while inside; a 429 or 503 when there are too many."""
        limits = self._settings
        if self.total >= limits.max_connections:
            raise Refusal(503, "busy", "Too many people at once; try again shortly.", retry_after_s=15)
        keys = (f"ip {address}", f"session {sender}")
        most = (limits.connections_per_ip, limits.connections_per_session)
        if any(self._by[key] >= limit for key, limit in zip(keys, most, strict=True)):
            raise Refusal(429, "too_many_connections", "Too many open windows; close one.", retry_after_s=30)
        self.total += 1
        self._by.update(keys)
        try:
            yield
        finally:
            self.total -= 1
            for key in keys:
                self._by[key] -= 1
                if not self._by[key]:
                    del self._by[key]


class ChatLimits:
    """Every limit of one channel instance."""

    def __init__(self, settings: WebChatSettings, clock: Clock) -> None:
        def per_minute(rate: float, *, seconds_at_once: float) -> Buckets:
            return Buckets(per_minute=rate, burst=rate * seconds_at_once / 60, clock=clock)

        self._sessions = per_minute(settings.sessions_per_minute_per_ip, seconds_at_once=120)
        self._messages = per_minute(settings.messages_per_minute, seconds_at_once=30)
        self._messages_ip = per_minute(settings.messages_per_minute_per_ip, seconds_at_once=30)
        self._uploads = per_minute(settings.uploads_per_minute, seconds_at_once=30)
        self._signs = per_minute(settings.messages_per_minute * 10, seconds_at_once=30)
        self.connections = Connections(settings)
        self._silent: Counter[str] = Counter()
        self._most_silent = settings.max_silent_sockets
        self._most_silent_each = settings.silent_sockets_per_ip
        self._uploading = 0
        self._most_uploads = settings.uploads_at_once

    def session(self, address: str) -> None:
        """A new session, a challenge, or a failed token."""
        self._sessions.take(address)

    @contextmanager
    def silent(self, address: str) -> Iterator[None]:
        """A socket that has sent no ``hello`` yet; a 429 or 503 before its upgrade when there are too many."""
        if self._silent.total() >= self._most_silent:
            raise Refusal(503, "busy", "Too many people at once; try again shortly.", retry_after_s=5)
        if self._silent[address] >= self._most_silent_each:
            raise Refusal(429, "too_many_connections", "Too many new connections; wait a moment.", retry_after_s=5)
        self._silent[address] += 1
        try:
            yield
        finally:
            self._silent[address] -= 1
            if not self._silent[address]:
                del self._silent[address]

    def message(self, address: str, sender: str) -> None:
        """A message or event that will be stored."""
        self._messages.take(sender)
        self._messages_ip.take(address)

    def sign(self, sender: str) -> None:
        """Typing, read marks and heartbeats: nothing is stored, so ten times as many as messages."""
        self._signs.take(sender)

    @contextmanager
    def upload(self, address: str, sender: str) -> Iterator[None]:
        """An upload in hand."""
        self._uploads.take(sender)
        self._messages_ip.take(address)
        if self._uploading >= self._most_uploads:
            raise Refusal(503, "busy", "Too many uploads at once; try again shortly.", retry_after_s=5)
        self._uploading += 1
        try:
            yield
        finally:
            self._uploading -= 1
