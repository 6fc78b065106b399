"""The state that all legs of a channel share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from channels.sip.client import ClientTransactions
from channels.sip.dialogs import Dialog, DialogId
from channels.sip.flow import Target
from channels.sip.headers import ALLOW, SERVER, SUPPORTED
from channels.sip.message import Request
from channels.sip.rtp_source import Signaller
from channels.sip.settings import SipSettings
from channels.sip.transactions import ServerTransactions
from channels.sip.uri import bracketed
from channels.sip.wire import Wire
from gateway.ports.call import EndReason


class Reachable(Protocol):
    """A leg as requests from the network find it."""

    signaller: Signaller

    def belongs(self, host: str) -> bool:
        """Whether requests of this call may come from ``host``."""
        ...

    def receive(self, request: Request) -> None:
        """Take a request inside its dialog."""
        ...

    def acknowledge(self, request: Request) -> None:
        """Take an ACK."""
        ...

    def hang_up(self) -> None:
        """End it, whatever state it is in."""
        ...

    def forget(self) -> None:
        """Drop what is left without a word: the channel closes."""
        ...


class Unacknowledged(Protocol):
    """A call whose 200 is out and not acknowledged yet."""

    @property
    def overdue(self) -> bool:
        """Whether any caller that exists would have acknowledged it by now."""
        ...

    def end(self, reason: EndReason, *, bye: bool) -> None:
        """End it; ``bye`` also tells the far side."""
        ...


@dataclass(slots=True, kw_only=True)
class Core:
    """Transactions, dialogs and settings of one channel."""

    channel_id: str
    settings: SipSettings
    wire: Wire
    server: ServerTransactions
    client: ClientTransactions
    on_change: Callable[[], None]
    """Called when the number of calls may have changed."""
    places: asyncio.Semaphore
    """As many as may wait for their ACK at once; an answer takes one before it goes out."""
    legs: dict[DialogId, Reachable] = field(default_factory=dict)
    """By dialog; a leg that ended stays until its last message is out."""
    active: set[Reachable] = field(default_factory=set)
    """Legs that have not ended."""
    unproved: dict[Unacknowledged, None] = field(default_factory=dict)
    """Of these, calls that we answered and whose ACK has not come yet, oldest first."""

    def contact(self, peer: Target) -> str:
        """Our Contact value towards ``peer``."""
        host = bracketed(self.wire.transports.local_host(peer.host))
        suffix = ";transport=tcp" if peer.transport == "tcp" else ""
        return f"<sip:{host}:{self.wire.transports.port}{suffix}>"

    def next_hop(self, dialog: Dialog) -> Target:
        """Where the requests of ``dialog`` go now."""
        return dialog.next_hop(self.wire.transports.connected)

    def common(self, contact: str) -> list[tuple[str, str]]:
        """Headers of every response that makes or changes a dialog."""
        return [("Contact", contact), ALLOW, SUPPORTED, SERVER]


class Repeater:
    """Sends a 2xx to INVITE until its ACK comes (RFC 3261 §13.3.1.4), over TCP too."""

    def __init__(self, wire: Wire, request: Request, data: bytes, no_ack: Callable[[], None]) -> None:
        self._wire = wire
        self._request = request
        self._data = data
        loop = asyncio.get_running_loop()
        self._repeat = loop.call_later(wire.t1, self._again, wire.t1)
        self._deadline = loop.call_later(wire.give_up, no_ack)

    @property
    def cseq(self) -> int:
        """Which INVITE it answers."""
        return self._request.cseq

    def _again(self, interval: float) -> None:
        self._wire.reply(self._request, self._data)
        interval = min(2 * interval, self._wire.t2)
        self._repeat = asyncio.get_running_loop().call_later(interval, self._again, interval)

    def stop(self) -> None:
        """Stop repeating: the ACK is here, or it is waited for no more."""
        self._repeat.cancel()
        self._deadline.cancel()
