"""Which source of RTP belongs to a call: a pure state machine; the time in seconds comes with every packet.

Plain RTP proves nothing but where it came from: an answerer that takes whoever speaks first gives the call away, one
that takes nobody else is deaf once the far side moves. Here the agreed address has the call whenever it speaks; others
get it only from hosts that may send at all, and only in its silence.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

SILENT_S = 0.2
"""Seconds for which the current source must have been silent before another one takes its place."""
CONSECUTIVE = 10
"""Packets in a row that the other source must have sent, none of the current one between them."""
UNHEARD_S = 1.0
"""Seconds after the start without any source, from which on one packet is enough."""

Address = tuple[Any, ...]
"""Host and port, as sockets give them (IPv6 adds two more)."""


@dataclass(frozen=True, slots=True)
class Signaller:
    """The peer that signals a call; its address and trunks bound where audio may come from."""

    host: str
    trunks: Container[str] = ()
    """All trunks when ``host`` is one of them: any may send (separate media gateways, fail-over), and the address in
    its SDP is believed. Empty for everybody else: their audio stays with ``host`` whatever SDP names, as a forged
    ``c=`` would have us send to a third party, and a telephone behind NAT writes an address that leads nowhere."""


class RtpSource:
    """Begins without a source; ``agree`` with every SDP, ``begin`` when packets count from, ``takes`` for each."""

    def __init__(self, signaller: Signaller) -> None:
        self._signaller = signaller
        self.current: Address | None = None
        """The current source: packets of others are dropped."""
        self._agreed: Address | None = None
        self._named = ""
        self._vague = False
        self._moved = False
        self._began = self._heard_at = 0.0
        self._rival: Address | None = None
        self._row = 0

    @property
    def target(self) -> Address | None:
        """Where our audio goes; None before anything was agreed."""
        return self._agreed if self.current is None or self._moved else self.current

    def host_for(self, named: str) -> str:
        """The host that stands for the one an SDP names: itself, or the signaller where it must not or cannot be."""
        believed = named == self._signaller.host or self._signaller.host in self._signaller.trunks
        return named if named and believed else self._signaller.host

    def agree(self, named: str, port: int) -> None:
        """An SDP names this place; ``named`` is empty for a host name, which is never looked up."""
        host = self.host_for(named)
        if (host, port) == self._agreed and named == self._named:
            return
        self._agreed, self._named = (host, port), named
        self._vague = host != named
        # Behind NAT the place that already speaks is better than one that was never right.
        self._moved = not self._vague
        self._rival = None

    def begin(self, now: float) -> None:
        """Media starts."""
        self._began = self._heard_at = now

    def takes(self, source: Address, now: float) -> bool:
        """Whether a packet of ``source`` belongs to the call."""
        if source == self.current:
            self._heard_at = now
            self._rival = None
            if self._moved and source[:2] == self._agreed:
                self._moved = False
            return True
        if not self._may_send(source[0]):
            return False
        if source[:2] == self._agreed or self._unopposed(now) or self._wins(source, now):
            self.current, self._heard_at = source, now
            self._rival, self._moved = None, False
            return True
        return False

    def vouched(self, host: str) -> bool:
        """Whether a report of ``host`` is a sign of life of the far side."""
        return host in {address[0] for address in (self.current, self._agreed) if address is not None}

    def _may_send(self, host: str) -> bool:
        return host == self._signaller.host or host in self._signaller.trunks or host == (self._agreed or ("",))[0]

    def _unopposed(self, now: float) -> bool:
        """Nobody has spoken yet, and no agreed address is worth waiting for."""
        return self.current is None and (self._vague or now - self._began >= UNHEARD_S)

    def _wins(self, source: Address, now: float) -> bool:
        if source != self._rival:
            self._rival, self._row = source, 0
        self._row += 1
        return self._row >= CONSECUTIVE and now - self._heard_at >= SILENT_S
