"""Server transactions: RFC 3261 §17.2 with RFC 6026's Accepted state; retransmissions never reach the layers above."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from channels.sip.message import Headers, Request
from channels.sip.wire import Wire

Key = tuple[str, ...]
MergeKey = tuple[str, str, int, str]
MAGIC_COOKIE = "z9hg4bk"
FINAL = 200
FAILURE = 300


class TransactionState(Enum):
    """States of a server transaction; ``PROCEEDING`` includes Trying."""

    PROCEEDING = auto()
    COMPLETED = auto()
    """A final response other than a 2xx to INVITE was sent."""
    ACCEPTED = auto()
    """INVITE answered with 2xx; the dialog repeats that until ACK (RFC 6026 §7.1)."""
    CONFIRMED = auto()
    """ACK of a non-2xx was received."""
    TERMINATED = auto()


def key_of(request: Request, method: str) -> Key:
    """What tells a retransmission from a new request (RFC 3261 §17.2.3), for RFC 2543 peers too."""
    via = request.via
    branch = via.branch.lower()
    if branch.startswith(MAGIC_COOKIE) and branch != MAGIC_COOKIE:
        return (branch, via.sent_by, method)
    return ("2543", request.call_id, request.from_tag, str(request.cseq), via.sent_by, branch, method)


class ServerTransaction:
    """One request and its answers. Created by ``ServerTransactions.begin`` only."""

    __slots__ = ("_deadline", "_last", "_layer", "_repeat", "invite", "key", "on_proof", "request", "state", "to_tag")

    def __init__(self, layer: ServerTransactions, request: Request, key: Key, to_tag: str) -> None:
        self._layer = layer
        self.request = request
        self.key = key
        self.to_tag = to_tag
        self.invite = request.method == "INVITE"
        self.on_proof: Callable[[], None] | None = None
        """Called when the sender has shown that it gets what we send."""
        self.state = TransactionState.PROCEEDING
        self._last = b""
        self._repeat: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether no final response has been sent."""
        return self.state is TransactionState.PROCEEDING

    def respond(self, status: int, *, headers: Headers = (), body: bytes = b"") -> bytes:
        """Send a response; a second final one is refused with ``RuntimeError``: that would be our own mistake."""
        if not self.open:
            raise RuntimeError("this transaction has been answered")
        wire = self._layer.wire
        self._last = wire.respond(self.request, status, to_tag=self.to_tag, headers=headers, body=body)
        if status < FINAL:
            return self._last
        reliable = self.request.flow.reliable
        if self.invite and status < FAILURE:
            self.state = TransactionState.ACCEPTED
            self._end_after(wire.give_up)  # timer L
            return self._last
        self.state = TransactionState.COMPLETED
        self._layer.unmerge(self)
        if self.invite:
            self._end_after(wire.give_up)  # timer H
            if not reliable:
                self._repeat = asyncio.get_running_loop().call_later(wire.t1, self._again, wire.t1)  # timer G
        else:
            self._end_after(0.0 if reliable else wire.give_up)  # timer J
        return self._last

    def repeated(self) -> None:
        """The request came again."""
        if self._last and self.state in {TransactionState.PROCEEDING, TransactionState.COMPLETED}:
            self._layer.wire.reply(self.request, self._last)

    def acknowledged(self, ack: Request) -> None:
        """The ACK of a non-2xx came. Only one with our tag shows that its sender got what it acknowledges."""
        if self.on_proof is not None and ack.to_tag == self.to_tag:
            self.on_proof()
        if self.state is not TransactionState.COMPLETED:
            return
        self.state = TransactionState.CONFIRMED
        if self._repeat is not None:
            self._repeat.cancel()
        self._end_after(0.0 if self.request.flow.reliable else self._layer.wire.t4)  # timer I

    def _again(self, interval: float) -> None:
        wire = self._layer.wire
        wire.reply(self.request, self._last)
        interval = min(2 * interval, wire.t2)
        self._repeat = asyncio.get_running_loop().call_later(interval, self._again, interval)

    def _end_after(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.terminate)

    def terminate(self) -> None:
        """Forget it."""
        self.state = TransactionState.TERMINATED
        for timer in (self._repeat, self._deadline):
            if timer is not None:
                timer.cancel()
        self._layer.discard(self)


class ServerTransactions:
    """All requests being answered, and those answered so lately that they may come again."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self._live: dict[Key, ServerTransaction] = {}
        self._merge: dict[MergeKey, Key] = {}

    def __len__(self) -> int:
        return len(self._live)

    def absorb(self, request: Request) -> bool:
        """True when ``request`` is a retransmission, or the ACK of a non-2xx: then it has been dealt with."""
        ack = request.method == "ACK"
        known = self._live.get(key_of(request, "INVITE" if ack else request.method))
        if known is None:
            return False
        if not ack:
            known.repeated()
            return True
        # An RFC 2543 peer may send the ACK of a 2xx under its INVITE's key: that one belongs to the dialog.
        if known.state in {TransactionState.ACCEPTED, TransactionState.PROCEEDING}:
            return False
        known.acknowledged(request)
        return True

    def merged(self, request: Request) -> bool:
        """Whether the same request arrived before by another path (RFC 3261 §8.2.2.2)."""
        return not request.to_tag and _merge_key(request) in self._merge

    def begin(self, request: Request, to_tag: str) -> ServerTransaction:
        """Start answering ``request``."""
        key = key_of(request, request.method)
        transaction = self._live[key] = ServerTransaction(self, request, key, to_tag)
        if not request.to_tag:
            self._merge.setdefault(_merge_key(request), key)
        return transaction

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL is about."""
        return self._live.get(key_of(cancel, "INVITE"))

    def unmerge(self, transaction: ServerTransaction) -> None:
        """A refused request may come by another path: proxies fail over with the same Call-ID and CSeq."""
        merge_key = _merge_key(transaction.request)
        if self._merge.get(merge_key) == transaction.key:
            del self._merge[merge_key]

    def discard(self, transaction: ServerTransaction) -> None:
        """Called by a transaction that ended."""
        self.unmerge(transaction)
        if self._live.get(transaction.key) is transaction:
            del self._live[transaction.key]

    def close(self) -> None:
        """End all of them without any message."""
        for transaction in list(self._live.values()):
            transaction.terminate()


def _merge_key(request: Request) -> MergeKey:
    return (request.call_id, request.from_tag, request.cseq, request.method)
