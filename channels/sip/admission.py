"""Who may call, and how often."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED = 4096


class Networks:
    """A set of addresses and networks, asked for every call."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: list[IpNetwork] = [ipaddress.ip_network(text, strict=False) for text in networks]
        self._known: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, host: str) -> bool:
        if not self._networks:
            return False
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            address = ipaddress.ip_address(host.partition("%")[0])
            known = self._known[host] = any(address in network for network in self._networks)
        return known


class RateLimit:
    """At most ``per_second`` new calls of one source in any counted second; nothing is remembered beyond it."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._counts: dict[str, int] = {}
        self._reset: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def admit(self, source: str) -> bool:
        """Count one call of ``source``; False when it is one too many."""
        if self._reset is None:
            self._reset = asyncio.get_running_loop().call_later(1.0, self._new_second)
        count = self._counts.get(source, 0) + 1
        if count > self._per_second:
            return False
        self._counts[source] = count
        return True

    def _new_second(self) -> None:
        self._counts.clear()
        self._reset = None

    def close(self) -> None:
        """Stop counting."""
        if self._reset is not None:
            self._reset.cancel()
            self._reset = None
        self._counts.clear()
