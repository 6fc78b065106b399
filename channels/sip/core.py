"""The state that all legs of a channel share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from channels.sip.client import ClientTransactions
from channels.sip.dialogs import Dialog, DialogId
from channels.sip.message import Headers, Request
from channels.sip.settings import SipSettings
from channels.sip.transactions import ServerTransactions
from channels.sip.transport import Target
from channels.sip.uri import bracketed
from channels.sip.wire import Wire

if TYPE_CHECKING:
    from channels.sip.leg import Leg
    from channels.sip.uas import IncomingLeg

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "REGISTER")
KNOWN_METHODS = frozenset({"REFER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "PRACK"})
"""Methods of other RFCs: refused with 405; anything else is 501."""
ALLOW = ("Allow", ", ".join(METHODS))
SUPPORTED = ("Supported", "timer")
ACCEPT = ("Accept", "application/sdp, application/dtmf-relay, application/dtmf, multipart/mixed")
EXTENSIONS = frozenset({"timer"})
SERVER = ("Server", "hotline-gateway")
RETRY_AFTER_S = 5


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
    legs: dict[DialogId, Leg] = field(default_factory=dict)
    """By dialog; a leg that ended stays until its last message is out."""
    active: set[Leg] = field(default_factory=set)
    """Legs that have not ended."""
    unproved: dict[IncomingLeg, None] = field(default_factory=dict)
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


def retry_after(seconds: int = RETRY_AFTER_S) -> Headers:
    """The Retry-After header alone."""
    return [("Retry-After", str(seconds))]
