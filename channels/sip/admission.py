"""Who may call, and how often."""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.ports.clock import Clock

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOPBACK = ("127.0.0.0/8", "::1/128")
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
            known = self._known[host] = any(_plain(host) in network for network in self._networks)
        return known


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """``host`` without a zone; a socket of both families shows IPv4 peers as IPv4-mapped addresses (RFC 4291 2.5.5.2)."""
    address = ipaddress.ip_address(host.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


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


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures at once; one is forgiven after each ``forgiven_s`` seconds."""

    failures: int
    forgiven_s: float


OF_A_SOURCE = Allowance(30, 10.0)
"""An office behind one address has many telephones."""
OF_A_NAME = Allowance(5, 60.0)
"""At one name from one source: whoever guesses elsewhere locks nobody out here."""


class Failures:
    """Wrong passwords by source, and by source and name. A try is counted before it is checked, so that many at once
    get no more than one after the other; a right one is given back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        """How many, and when that was."""

    def __len__(self) -> int:
        return len(self._counts)

    def reserve(self, source: str, name: str) -> bool:
        """Count a try; False when it must not be made."""
        keys = ((source,), OF_A_SOURCE), ((source, name), OF_A_NAME)
        standing = [(key, self._standing(key, allowance), allowance) for key, allowance in keys]
        if any(count + 1 > allowance.failures for _, count, allowance in standing):
            return False
        for key, count, _ in standing:
            self._put(key, count + 1)
        return True

    def give_back(self, source: str, name: str) -> None:
        """It was no failure."""
        for key, allowance in ((source,), OF_A_SOURCE), ((source, name), OF_A_NAME):
            self._put(key, max(0.0, self._standing(key, allowance) - 1))

    def _standing(self, key: tuple[str, ...], allowance: Allowance) -> float:
        count, at = self._counts.get(key, (0.0, 0.0))
        return max(0.0, count - (self._clock.monotonic() - at) / allowance.forgiven_s)

    def _put(self, key: tuple[str, ...], count: float) -> None:
        self._counts.pop(key, None)
        if count:
            self._counts[key] = count, self._clock.monotonic()
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
