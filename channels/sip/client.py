"""Client transactions: RFC 3261 §17.1 with RFC 6026's Accepted state."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from aiosipua.message import SipRequest

from channels.sip.flow import Target
from channels.sip.message import Response, encode, new_request
from channels.sip.uri import bracketed
from channels.sip.wire import Wire

FINAL = 200
FAILURE = 300
OnResponse = Callable[[Response], None]
OnTimeout = Callable[[], None]


class ClientTransaction:
    """One request of ours. ``on_response`` hears every new response, and each 2xx to INVITE again (forks, repeats)."""

    __slots__ = (
        "_data", "_deadline", "_final", "_layer", "_on_response", "_on_timeout", "_proceeding", "_repeat", "branch",
        "sip", "target",
    )  # fmt: skip

    def __init__(
        self,
        layer: ClientTransactions,
        sip: SipRequest,
        target: Target,
        branch: str,
        on_response: OnResponse,
        on_timeout: OnTimeout,
    ) -> None:
        self._layer = layer
        self.sip = sip
        self.target = target
        self.branch = branch
        self._on_response = on_response
        self._on_timeout = on_timeout
        self._data = encode(sip)
        self._final = 0
        self._proceeding = False
        self._repeat: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Branch and method (RFC 3261 §17.1.3)."""
        return (self.branch, self.sip.method)

    @property
    def waiting(self) -> bool:
        """Whether no final response has come."""
        return not self._final

    def start(self) -> None:
        """Send, and repeat over UDP until there is an answer (timers A, B, E, F)."""
        wire = self._layer.wire
        loop = asyncio.get_running_loop()
        wire.send(self._data, self.target, self._timed_out)
        if self.target.transport == "udp":
            self._repeat = loop.call_later(wire.t1, self._again, wire.t1)
        self._deadline = loop.call_later(wire.give_up, self._timed_out)

    def _again(self, interval: float) -> None:
        wire = self._layer.wire
        wire.send(self._data, self.target)
        if self.sip.method == "INVITE":
            interval = 2 * interval
        else:
            interval = wire.t2 if self._proceeding else min(2 * interval, wire.t2)
        self._repeat = asyncio.get_running_loop().call_later(interval, self._again, interval)

    def _timed_out(self) -> None:
        unanswered = not self._final
        self.terminate()
        if unanswered:
            self._on_timeout()

    def received(self, response: Response) -> None:
        """Take a response that matches."""
        wire = self._layer.wire
        invite = self.sip.method == "INVITE"
        if response.status < FINAL:
            if self._final:
                return
            self._proceeding = True
            if invite:
                self._stop()  # from here only the user's patience ends it
            self._on_response(response)
            return
        if self._final:
            if invite and self._final >= FAILURE:
                self._acknowledge(response)
            elif invite and response.status < FAILURE:
                self._on_response(response)
            return
        self._final = response.status
        self._stop()
        loop = asyncio.get_running_loop()
        if invite:
            # Timers D and M; a reliable transport still needs M for the answers of other forks.
            self._deadline = loop.call_later(wire.give_up, self._timed_out)
            if response.status >= FAILURE:
                self._acknowledge(response)
        elif self.target.transport == "udp":
            self._deadline = loop.call_later(wire.t4, self._timed_out)  # timer K
        else:
            self.terminate()
        self._on_response(response)

    def _acknowledge(self, response: Response) -> None:
        """ACK a non-2xx (RFC 3261 §17.1.1.3)."""
        headers = self.sip.headers
        copied = [("Via", headers.get("via")[0]), ("From", headers.get("from")[0]), ("To", response.to_raw)]
        copied += [("Call-ID", response.call_id), ("CSeq", f"{response.cseq} ACK"), ("Max-Forwards", "70")]
        copied += [("Route", value) for value in headers.get("route")]
        self._layer.wire.send_request(new_request("ACK", self.sip.uri, copied), self.target)

    def cancel(self) -> None:
        """Send CANCEL (RFC 3261 §9.1); only after a provisional response. The INVITE's own answer still comes."""
        headers = self.sip.headers
        number = headers.get("cseq")[0].partition(" ")[0]
        copied = [(name, headers.get(name)[0]) for name in ("Via", "From", "To", "Call-ID")]
        copied += [("CSeq", f"{number} CANCEL"), ("Max-Forwards", "70")]
        copied += [("Route", value) for value in headers.get("route")]
        cancel = new_request("CANCEL", self.sip.uri, copied)
        self._layer.start(cancel, self.target, _ignore, _ignore_timeout, branch=self.branch)
        if self._deadline is None:
            # An INVITE that gets no answer even now is given up (RFC 3261 §9.1).
            self._deadline = asyncio.get_running_loop().call_later(self._layer.wire.give_up, self._timed_out)

    def _stop(self) -> None:
        for timer in (self._repeat, self._deadline):
            if timer is not None:
                timer.cancel()
        self._repeat = self._deadline = None

    def terminate(self) -> None:
        """Forget it."""
        self._stop()
        self._layer.discard(self)


class ClientTransactions:
    """All requests of ours that may still be answered."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._live: dict[tuple[str, str], ClientTransaction] = {}

    def __len__(self) -> int:
        return len(self._live)

    def unanswered(self) -> list[str]:
        """Methods of the requests that no final response has come for."""
        return [transaction.sip.method for transaction in self._live.values() if transaction.waiting]

    def via(self, target: Target) -> tuple[str, str]:
        """A Via value for a request to ``target``, and its branch."""
        branch = f"z9hG4bK{os.urandom(10).hex()}"
        sent_by = f"{bracketed(self.wire.transports.local_host(target.host))}:{self.wire.transports.port}"
        return f"SIP/2.0/{target.transport.upper()} {sent_by};rport;branch={branch}", branch

    def request(
        self, sip: SipRequest, target: Target, on_response: OnResponse, on_timeout: OnTimeout
    ) -> ClientTransaction:
        """Send ``sip`` (without Via) as a new transaction."""
        via, branch = self.via(target)
        sip.headers.set_single("Via", via)
        return self.start(sip, target, on_response, on_timeout, branch=branch)

    def start(
        self, sip: SipRequest, target: Target, on_response: OnResponse, on_timeout: OnTimeout, *, branch: str
    ) -> ClientTransaction:
        """Send ``sip`` whose Via already carries ``branch``."""
        transaction = ClientTransaction(self, sip, target, branch, on_response, on_timeout)
        self._live[transaction.key] = transaction
        transaction.start()
        return transaction

    def receive(self, response: Response) -> bool:
        """Give a response to its transaction; False when there is none."""
        transaction = self._live.get((response.branch, response.method))
        if transaction is None:
            return False
        transaction.received(response)
        return True

    def discard(self, transaction: ClientTransaction) -> None:
        """Called by a transaction that ended."""
        if self._live.get(transaction.key) is transaction:
            del self._live[transaction.key]

    def close(self) -> None:
        """End all of them without any message."""
        for transaction in list(self._live.values()):
            transaction.terminate()


def _ignore(_response: Response) -> None:
    """The answer to a CANCEL says nothing: the INVITE's own answer counts."""


def _ignore_timeout() -> None:
    """As ``_ignore``."""
