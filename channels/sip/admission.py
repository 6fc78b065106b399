"""Admission of calls: allowed sources, calls a second, calls at once."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable

from channels.sip.core import Core
from channels.sip.rtp_source import Signaller
from channels.sip.settings import SipSettings
from gateway.ports.call import EndReason

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

    def __contains__(self, host: object) -> bool:
        if not self._networks or not isinstance(host, str):
            return False
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[host] = any(_plain(host) in network for network in self._networks)
        return known


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """``host`` without its zone. Sockets of both families show IPv4 peers as mapped addresses (RFC 4291 2.5.5.2)."""
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


THIS_MACHINE = Networks(LOOPBACK)


class Admission:
    """The sources of one channel, told apart into trunks and others, and what each may have at once."""

    def __init__(self, settings: SipSettings, trunks: Networks, core: Core) -> None:
        """Nothing is counted yet."""
        self._settings = settings
        self._trunks = trunks
        self._core = core
        self._rate = RateLimit(settings.calls_per_second_per_source)

    def __len__(self) -> int:
        return len(self._rate)

    @property
    def closed(self) -> bool:
        """Whether nobody but trunks and our phones may call."""
        return bool(self._settings.trunks)

    def trunk(self, host: str) -> bool:
        """Whether ``host`` is one."""
        return host in self._trunks

    def signaller(self, host: str) -> Signaller:
        """What a call signalled by ``host`` may have of others."""
        return Signaller(host, self._trunks if host in self._trunks else ())

    def in_time(self, host: str) -> bool:
        """Whether ``host`` may place one more call in this second; counts it."""
        return self._rate.admit(host)

    def full(self, host: str, *, known: bool) -> str | None:
        """Why there is no room for a call of ``host``, None when there is. ``known``: a trunk or a phone of ours."""
        if len(self._core.active) >= self._settings.max_calls:
            return "full"
        if not known and self._calls_of(host) >= self._settings.max_calls_per_source:
            return "source"
        # Whoever invents senders has these calls and no more, and each for a moment only once others want its place.
        if self._core.places.locked() and not self._made_way():
            return "unacknowledged"
        return None

    def _calls_of(self, host: str) -> int:
        return sum(leg.signaller.host == host for leg in self._core.active)

    def _made_way(self) -> bool:
        """Give up the oldest call whose caller should have acknowledged long ago; False when there is none."""
        for leg in self._core.unproved:
            if leg.overdue:
                leg.end(EndReason.SIGNALLING_LOST, bye=True)
                return True
        return False

    def close(self) -> None:
        """Stop counting."""
        self._rate.close()
