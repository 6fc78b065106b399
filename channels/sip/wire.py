"""Sends the messages of transactions and dialogs, and traces each of them."""

from __future__ import annotations

from collections.abc import Callable

from aiosipua.message import SipRequest

from channels.sip.flow import OnFail, Target
from channels.sip.message import Headers, Request, encode, response_to
from channels.sip.transport import Transports

Trace = Callable[[bool, str, bytes], None]
"""Takes (received, peer, message)."""


class Wire:
    """Transports plus trace, and the timing that everything is derived from (seconds)."""

    def __init__(self, transports: Transports, trace: Trace, *, t1: float) -> None:
        self.transports = transports
        self._trace = trace
        self.t1 = t1
        self.t2, self.t4 = 8 * t1, 10 * t1
        """4 s and 5 s at the default T1 (RFC 3261 §17.1.2.2)."""
        self.give_up = 64 * t1
        """Timers B, F, H, J, L, M: how long either side keeps trying (RFC 3261 §17)."""

    def reply(self, request: Request, data: bytes) -> None:
        """Send a response that is already built."""
        self._trace(False, request.flow.peer, data)
        request.flow.reply(data, request.via)

    def respond(
        self, request: Request, status: int, *, to_tag: str = "", headers: Headers = (), body: bytes = b""
    ) -> bytes:
        """Build and send a response; what was sent."""
        data = response_to(request, status, to_tag=to_tag, headers=headers, body=body)
        self.reply(request, data)
        return data

    def send(self, data: bytes, target: Target, on_fail: OnFail | None = None) -> None:
        """Send a request that is already encoded."""
        self._trace(False, f"{target.host}:{target.port}", data)
        self.transports.send(data, target, on_fail)

    def send_request(self, sip: SipRequest, target: Target, on_fail: OnFail | None = None) -> bytes:
        """Encode and send; what was sent."""
        data = encode(sip)
        self.send(data, target, on_fail)
        return data
