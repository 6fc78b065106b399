"""Addresses of clients, also behind proxies, and rate limits by address."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from aiohttp import web

from gateway.domain.addresses import limit_key
from gateway.ports.clock import Clock
from gateway.web.problems import Problem

_MOST_KEYS = 20_000


class Proxies:
    """Which peers are our own proxies, so that their forwarding headers may be believed."""

    def __init__(self, cidrs: tuple[str, ...], *, public_url: str = "") -> None:
        """``cidrs`` as in ``[http] trusted_proxies``; ValueError when one is no network.

        When the world reaches us by TLS (``public_url``), so does every client, whatever a proxy tells us.
        """
        self._https = public_url.lower().startswith("https://")
        self._networks = [ipaddress.ip_network(cidr, strict=False) for cidr in cidrs]

    def trusted(self, address: str | None) -> bool:
        """Whether ``address`` is one of our proxies."""
        if not self._networks or not address:
            return False
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(peer in network for network in self._networks)

    def client(self, request: web.Request) -> str:
        """The address of the client: the last hop of X-Forwarded-For that is not a proxy of ours."""
        peer = request.remote or "local"
        if not self.trusted(peer):
            return peer
        for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            address = hop.strip()
            if address and not self.trusted(address):
                return address[:45]
        return peer

    def counted(self, request: web.Request) -> str:
        """What limits count the client by."""
        return limit_key(self.client(request))

    def secure(self, request: web.Request) -> bool:
        """Whether the client came by TLS, to us or to a proxy of ours: cookies are marked so."""
        if self._https or request.secure:
            return True
        return self.trusted(request.remote) and request.headers.get("X-Forwarded-Proto", "").lower() == "https"


class RateLimiter:
    """Token buckets by key, at most ``_MOST_KEYS`` of them: the longest unused is forgotten first."""

    def __init__(self, *, per_s: float, clock: Clock, burst: float | None = None) -> None:
        """``per_s`` requests a second, ``burst`` at once (twice the rate when not given)."""
        self._per_s = per_s
        self._burst = max(1.0, per_s * 2) if burst is None else burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Spend one request of ``key``; a 429 Problem when none is left."""
        wait_s = self._spend(key)
        if wait_s > 0:
            raise Problem(
                429,
                "too_many_requests",
                "Too many requests; wait a moment and try again.",
                headers={"Retry-After": str(max(1, round(wait_s)))},
            )

    def _spend(self, key: str) -> float:
        now = self._clock.monotonic()
        left, at = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self._per_s

    def exhausted(self, key: str) -> bool:
        """Whether ``key`` has nothing left now, without spending."""
        left, at = self._buckets.get(key, (self._burst, self._clock.monotonic()))
        return left + (self._clock.monotonic() - at) * self._per_s < 1
