"""UDP and TCP sockets for SIP: framing, size limits, keep-alives, symmetric replies.

RFC 3261 §18, RFC 3581, RFC 5626 §4.4.1. Names are never resolved: every destination here is an IP literal.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Container
from contextlib import suppress
from typing import Any, cast

from channels.sip.flow import OnFail, PeerFlow, Target
from channels.sip.message import MAX_HEADERS
from channels.sip.uri import DEFAULT_PORT
from gateway.telemetry import log

MAX_MESSAGE = 65_535
MAX_CONNECTIONS = 2_000
MAX_PER_HOST = 1_000
MAX_PER_STRANGER = 200
"""Of a host that is no trunk; all of them together have half of the connections."""
MAX_UNSENT = 1_048_576
CONNECT_TIMEOUT_S = 5.0
PARTIAL_TIMEOUT_S = 32.0
"""How long an unfinished message, or silence from the start, may hold a TCP connection."""
RECEIVE_BUFFER = 4_194_304
_CONTENT_LENGTH = re.compile(rb"^(?:content-length|l)[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)
_log = log.get("sip_transport")

OnData = Callable[[bytes, PeerFlow], None]


class _Connection(asyncio.Protocol):
    """One TCP connection, accepted or opened by us."""

    def __init__(self, transports: Transports, waiting: list[bytes] | None = None) -> None:
        self._owner = transports
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._partial: asyncio.TimerHandle | None = None
        self._waiting = waiting or []
        self._flow: PeerFlow | None = None
        self._spoken = bool(waiting)
        """A whole message has come, or we opened it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        if not peer or not self._owner.register(self, peer[0], peer[1]):
            self._transport.abort()
            return
        self._flow = PeerFlow(self._owner, "tcp", peer[0], peer[1], self)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if not self._waiting:  # accepted: who connects has something to say
            self._partial = asyncio.get_running_loop().call_later(PARTIAL_TIMEOUT_S, self.close)
        for data in self._waiting:
            self.write(data)
        self._waiting = []

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - signature of asyncio
        self._transport = None
        if self._partial is not None:
            self._partial.cancel()
        if self._flow is not None:
            self._owner.unregister(self, self._flow.host, self._flow.port)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and self._next():
            pass
        if self._partial is not None:
            self._partial.cancel()
            self._partial = None
        if (self._buffer or not self._spoken) and self._transport is not None:
            self._partial = asyncio.get_running_loop().call_later(PARTIAL_TIMEOUT_S, self.close)

    def _next(self) -> bool:
        """Hand over one whole message; False when more bytes are needed."""
        buffer = self._buffer
        while buffer[:2] == b"\r\n":
            ping = buffer[:4] == b"\r\n\r\n"
            del buffer[: 4 if ping else 2]
            if ping:
                self.write(b"\r\n")
        end = buffer.find(b"\r\n\r\n")
        if end < 0 or end > MAX_HEADERS:
            if len(buffer) > MAX_HEADERS:
                self._give_up()
            return False
        lengths = _CONTENT_LENGTH.findall(bytes(buffer[:end].replace(b"\r\n", b"\n")))
        size = end + 4 + (int(lengths[0]) if lengths else 0)
        if size > MAX_MESSAGE:
            self._give_up()
            return False
        if len(buffer) < size:
            return False
        message = bytes(buffer[:size])
        del buffer[:size]
        self._hand_over(message)
        return True

    def _give_up(self) -> None:
        """The stream cannot be followed any more: report what there is as malformed and close."""
        rest = bytes(self._buffer[:MAX_HEADERS])
        self._buffer.clear()
        self._hand_over(rest)
        self.close()

    def _hand_over(self, message: bytes) -> None:
        self._spoken = True
        if self._flow is not None:
            self._owner.deliver(message, self._flow)

    def write(self, data: bytes) -> bool:
        """Send; False when the connection is gone."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_UNSENT:
            self._transport.abort()  # the peer does not read
            return False
        return True

    def close(self) -> None:
        """Close after what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, transports: Transports) -> None:
        self._owner = transports

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        data = data.lstrip(b"\r\n")
        if data and data != b"\0":  # else a keep-alive
            self._owner.deliver(data, PeerFlow(self._owner, "udp", addr[0], addr[1], None))

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.udp_lost(exc)

    def error_received(self, exc: Exception) -> None:
        # ICMP names no packet of ours here; the transaction that it belonged to times out.
        _log.debug("icmp_error", exc_info=exc)


class Transports:
    """The listening sockets of one channel and its TCP connections."""

    def __init__(self, host: str, advertised_host: str, on_data: OnData, trunks: Container[str]) -> None:
        """No stranger takes the last connection from ``trunks``."""
        self._host = host
        self._trunks = trunks
        self._advertised = advertised_host
        self._on_data = on_data
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[tuple[str, int], _Connection] = {}
        self._connecting: dict[tuple[str, int], tuple[list[bytes], list[OnFail]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._local: dict[str, str] = {}
        self.port = 0
        self.failed: asyncio.Future[None] | None = None
        """From ``start`` on; fails when the UDP socket breaks."""

    @property
    def connections(self) -> int:
        """TCP connections that are open."""
        return len(self._connections)

    @property
    def listening(self) -> bool:
        """Whether both listeners are up."""
        return self._udp is not None and self._server is not None

    async def start(self, port: int) -> None:
        """Bind UDP and TCP to one port; ``OSError`` when it is taken."""
        loop = asyncio.get_running_loop()
        for attempt in range(10):
            server = await loop.create_server(lambda: _Connection(self), self._host, port, backlog=512)
            self.port = server.sockets[0].getsockname()[1]
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            try:
                sock.bind((self._host, self.port))
            except OSError:
                sock.close()
                server.close()
                if port or attempt == 9:  # noqa: PLR2004 - the last of ten tries
                    raise
                continue
            transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), sock=sock)
            # aiosipua asserts asyncio's own class here, which uvloop's transport is not.
            self._udp = transport
            self._server = server
            self.failed = loop.create_future()
            return

    def close(self) -> None:
        """Close every socket."""
        server, udp = self._server, self._udp
        self._server = self._udp = None
        if server is not None:
            server.close()
        if udp is not None:
            udp.close()
        for connection in list(self._connections.values()):
            connection.abort()
        for task in self._tasks:
            task.cancel()

    def udp_lost(self, exc: Exception | None) -> None:
        """The UDP socket is gone; unless we closed it, nobody can call any more."""
        if self._udp is not None and self.failed is not None and not self.failed.done():
            self._udp = None
            self.failed.set_exception(exc or OSError("the SIP socket was closed"))

    def deliver(self, data: bytes, flow: PeerFlow) -> None:
        """Hand a message up; nothing it causes may hurt the socket it came from."""
        try:
            self._on_data(data, flow)
        except Exception as error:  # noqa: BLE001 - one message never stops the next
            _log.error("message_failed", exc_info=error)

    def connected(self, target: Target) -> bool:
        """Whether a TCP connection to ``target`` is open."""
        return target.transport == "tcp" and (target.host, target.port) in self._connections

    def register(self, connection: _Connection, host: str, port: int) -> bool:
        """Take a new connection in; False when there are too many."""
        of_host = sum(1 for other, _ in self._connections if other == host)
        most, of_all = MAX_PER_STRANGER, MAX_CONNECTIONS // 2
        if host in self._trunks:
            most, of_all = MAX_PER_HOST, MAX_CONNECTIONS
        if len(self._connections) >= of_all or of_host >= most:
            return False
        self._connections[host, port] = connection
        return True

    def unregister(self, connection: _Connection, host: str, port: int) -> None:
        """Forget a closed connection."""
        if self._connections.get((host, port)) is connection:
            del self._connections[host, port]

    def send(self, data: bytes, target: Target, on_fail: OnFail | None = None) -> None:
        """Send; ``on_fail`` is called later when that is known to have failed."""
        if target.transport == "udp":
            if self._udp is None or self._udp.is_closing():
                return
            try:
                self._udp.sendto(data, (target.host, target.port))
            except (OSError, ValueError) as error:
                _log.warning("send_failed", exc_info=error)
                if on_fail is not None:
                    asyncio.get_running_loop().call_soon(on_fail)
            return
        key = (target.host, target.port)
        connection = self._connections.get(key)
        if connection is not None and connection.write(data):
            return
        waiting = self._connecting.get(key)
        if waiting is None:
            waiting = self._connecting[key] = ([], [])
            task = asyncio.get_running_loop().create_task(self._connect(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting[0].append(data)
        if on_fail is not None:
            waiting[1].append(on_fail)

    async def _connect(self, key: tuple[str, int]) -> None:
        messages, failures = self._connecting[key]
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self, messages), key[0], key[1], local_addr=self._source()
                )
        except (OSError, TimeoutError) as error:
            _log.warning("connect_failed", exc_info=error)
            for failed in failures:
                failed()
        finally:
            self._connecting.pop(key, None)

    def _source(self) -> tuple[str, int] | None:
        return None if self._host in {"0.0.0.0", "::"} else (self._host, 0)  # noqa: S104 - compared, not bound

    def local_host(self, peer: str) -> str:
        """Our address as ``peer`` should know it."""
        if self._advertised:
            return self._advertised
        if self._host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
            return self._host
        found = self._local.get(peer)
        if found is None:
            if len(self._local) >= MAX_CONNECTIONS:
                self._local.clear()
            found = self._local[peer] = _route_source(peer)
        return found


def _route_source(peer: str) -> str:
    """The local address from which the system reaches ``peer``; nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((peer, DEFAULT_PORT))
        return str(probe.getsockname()[0])
    return "127.0.0.1"
