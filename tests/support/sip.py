"""A telephone made of one raw socket: says exactly what a test tells it to, knows nothing of the code under test."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n"
)


def offer(direction: str = "sendrecv", port: int = 40000) -> str:
    """A description of one audio stream at ``port``: A-law, μ-law and telephone events."""
    return OFFER.format(direction=direction, port=port)


@dataclass
class Msg:
    """A message received, split by a parser of the tests' own."""

    raw: bytes

    def __post_init__(self) -> None:
        head, _, self.body = self.raw.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        self.first = lines[0]
        self.headers = [(n.strip().lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.first.split()[1]) if self.first.startswith("SIP/") else 0

    @property
    def method(self) -> str:
        """Of a request; empty for a response."""
        return "" if self.status else self.first.split()[0]

    def get(self, name: str) -> str:
        """The first header of this name; empty when there is none."""
        return next((v for n, v in self.headers if n == name.lower()), "")

    def all(self, name: str) -> list[str]:
        """Every header of this name, in order."""
        return [v for n, v in self.headers if n == name.lower()]

    @property
    def to_tag(self) -> str:
        """The tag in To; empty before the other side gave one."""
        match = re.search(r";tag=([^;]+)", self.get("to"))
        return match[1] if match else ""

    @property
    def cseq_method(self) -> str:
        """The method that CSeq names."""
        return self.get("cseq").split()[-1]


class _Protocol(asyncio.DatagramProtocol):
    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._peer.inbox.put_nowait(Msg(data))


class Peer:
    """One UDP or TCP endpoint. ``send`` text, ``expect`` what comes."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[Msg] = asyncio.Queue()
        self.seen: list[Msg] = []
        self.server = 0
        self.port = 0
        self.kind = "UDP"
        self._write: Callable[[bytes], None] = lambda _: None
        self._close: Callable[[], None] = lambda: None
        self.send_to: Callable[[int, bytes], None] = lambda _port, _data: None
        """Send anywhere (UDP only)."""
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def udp(cls, server: int, host: str = "127.0.0.1", port: int = 0) -> Peer:
        """A socket of its own at ``host``, which talks to the port ``server`` of the loopback."""
        peer = cls()
        peer.server = server
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Protocol(peer), local_addr=(host, port)
        )
        peer.port = transport.get_extra_info("sockname")[1]
        peer._write = lambda data: transport.sendto(data, ("127.0.0.1", server))
        peer.send_to = lambda port, data: transport.sendto(data, ("127.0.0.1", port))
        peer._close = transport.close
        return peer

    @classmethod
    async def tcp(cls, server: int) -> Peer:
        """A connection to the port ``server`` of the loopback."""
        peer = cls()
        peer.server, peer.kind = server, "TCP"
        reader, writer = await asyncio.open_connection("127.0.0.1", server)
        peer.port = writer.get_extra_info("sockname")[1]
        peer._write, peer._close = writer.write, writer.close
        peer._reading = asyncio.create_task(peer._read(reader))
        return peer

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head == b"\r\n\r\n":
                    continue
                match = re.search(rb"content-length:\s*(\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(match[1])) if match else b""
                self.inbox.put_nowait(Msg(head.lstrip(b"\r\n") + body))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def close(self) -> None:
        """Close the socket; what was not read is lost."""
        self._close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def send(self, data: str | bytes) -> None:
        """Send it as it is."""
        self._write(data.encode() if isinstance(data, str) else data)

    async def next(self, seconds: float = 5.0) -> Msg:
        """The next message; ``TimeoutError`` when none comes."""
        async with asyncio.timeout(seconds):
            message = await self.inbox.get()
        self.seen.append(message)
        return message

    async def expect(self, what: int | str, method: str = "", seconds: float = 5.0) -> Msg:
        """The next response with this status (to this method), or the next request of this method."""
        while True:
            message = await self.next(seconds)
            if isinstance(what, str):
                if message.method == what:
                    return message
            elif message.status == what and method in {"", message.cseq_method}:
                return message
            elif message.status >= 300 and what != message.status and method in {"", message.cseq_method}:
                raise AssertionError(f"expected {what}, got {message.first}: {message.raw!r}")

    async def silence(self, seconds: float) -> None:
        """Nothing may come for so long."""
        try:
            message = await self.next(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"unexpected {message.first}")


class Phone:
    """A caller's side of one call."""

    def __init__(self, peer: Peer, *, user: str = "13800000000", routes: list[str] | None = None) -> None:
        self.peer = peer
        self.call_id = secrets.token_hex(8)
        self.tag = secrets.token_hex(4)
        self.from_ = f"<sip:{user}@127.0.0.1>;tag={self.tag}"
        self.to = "<sip:12345@127.0.0.1>"
        self.cseq = 0
        self.branch = ""
        self.target = f"sip:12345@127.0.0.1:{peer.server}"
        self.contact = f"<sip:{user}@127.0.0.1:{peer.port}>"
        self.invite_branch = ""
        self.invite_cseq = 0

    def request(
        self, method: str, body: str = "", *headers: str, branch: str = "", cseq: int = 0, to: str = "", uri: str = ""
    ) -> str:
        """A request of this call's dialog; CSeq and branch go on by themselves unless they are given."""
        if not cseq:
            self.cseq += 1
            cseq = self.cseq
        self.branch = branch or f"z9hG4bK{secrets.token_hex(6)}"
        lines = [
            f"{method} {uri or self.target} SIP/2.0",
            f"Via: SIP/2.0/{self.peer.kind} 127.0.0.1:{self.peer.port};rport;branch={self.branch}",
            "Max-Forwards: 70",
            f"From: {self.from_}",
            f"To: {to or self.to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: {self.contact}",
            *headers,
        ]
        if body and not any(h.lower().startswith("content-type") for h in headers):
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body.encode())}", "", ""]
        return "\r\n".join(lines) + body

    def invite(self, body: str | None = None, *headers: str, **kw: Any) -> str:
        """Call; what was sent, to send it again."""
        text = self.request("INVITE", offer() if body is None else body, *headers, **kw)
        self.invite_branch, self.invite_cseq = self.branch, self.cseq
        self.peer.send(text)
        return text

    def cancel(self) -> None:
        """Give up before it was answered."""
        self.peer.send(self.request("CANCEL", branch=self.invite_branch, cseq=self.invite_cseq))

    def ack(self, response: Msg, body: str = "", *headers: str) -> None:
        """ACK of a 2xx: a transaction of its own."""
        self.to = response.get("to")
        contact = re.search(r"<([^>]+)>", response.get("contact"))
        if contact:
            self.target = contact[1]
        self.peer.send(self.request("ACK", body, *headers, cseq=int(response.get("cseq").split()[0])))

    def ack_refusal(self, response: Msg) -> None:
        """ACK of anything else: the INVITE's transaction."""
        cseq = int(response.get("cseq").split()[0])
        self.peer.send(self.request("ACK", branch=self.invite_branch, cseq=cseq, to=response.get("to")))

    async def up(self, *headers: str) -> Msg:
        """Call and get through."""
        self.invite(None, *headers)
        ok = await self.peer.expect(200, "INVITE")
        self.ack(ok)
        return ok

    async def bye(self, status: int = 200) -> Msg:
        """Hang up, and hear that it was heard."""
        self.peer.send(self.request("BYE"))
        return await self.peer.expect(status, "BYE")

    def answer(self, request: Msg, status: int = 200, *headers: str, body: str = "", tag: str = "") -> None:
        """Respond to a request of the gateway."""
        lines = [f"SIP/2.0 {status} X", *(f"Via: {v}" for v in request.all("via"))]
        to = request.get("to") + (f";tag={tag}" if tag and "tag=" not in request.get("to") else "")
        lines += [f"From: {request.get('from')}", f"To: {to}", f"Call-ID: {request.get('call-id')}"]
        lines += [f"CSeq: {request.get('cseq')}", f"Contact: {self.contact}", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.peer.send("\r\n".join(lines) + body)


Handler = Callable[[Any], Coroutine[Any, Any, None]]
