"""Where a SIP message came from and where one goes: what transports, messages and dialogs all name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from channels.sip.uri import DEFAULT_PORT, Via

OnFail = Callable[[], None]
"""Called later, when it is known that something could not be sent."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: ``transport`` is ``udp`` or ``tcp``, ``host`` an IP literal."""

    transport: str
    host: str
    port: int


class Sockets(Protocol):
    """The sockets of one channel."""

    def send(self, data: bytes, target: Target, on_fail: OnFail | None = None) -> None:
        """Send to ``target``, over TCP on the connection that is open or a new one."""
        ...


class Connection(Protocol):
    """A TCP connection."""

    def write(self, data: bytes) -> bool:
        """Send; False when the connection is gone."""
        ...


class PeerFlow:
    """Where one message came from, and the way back (RFC 5626 §2)."""

    __slots__ = ("_connection", "_sockets", "host", "port", "transport")

    def __init__(self, sockets: Sockets, transport: str, host: str, port: int, connection: Connection | None) -> None:
        self._sockets = sockets
        self.transport = transport
        self.host = host
        self.port = port
        self._connection = connection

    @property
    def peer(self) -> str:
        """host:port."""
        return f"{self.host}:{self.port}"

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost."""
        return self.transport == "tcp"

    @property
    def target(self) -> Target:
        """Requests to whoever sent this."""
        return Target(self.transport, self.host, self.port)

    def reply(self, data: bytes, via: Via) -> None:
        """Send a response (RFC 3261 §18.2.2, RFC 3581 §4): same connection, else the source address."""
        if self._connection is not None and self._connection.write(data):
            return
        port = self.port if via.rport and not self.reliable else via.port or DEFAULT_PORT
        self._sockets.send(data, Target(self.transport, self.host, port))
