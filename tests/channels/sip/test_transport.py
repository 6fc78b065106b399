"""Sockets: framing, keep-alives, the way back, limits."""

from __future__ import annotations

import asyncio
import re

import pytest

from channels.sip.transport import MAX_MESSAGE, Transports
from tests.support.sip import Phone, offer
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def options(peer, **kw) -> str:
    text = Phone(peer).request("OPTIONS")
    for old, new in kw.get("replace", {}).items():
        text = text.replace(old, new)
    return text


async def test_answers_go_to_the_port_of_rport_or_of_the_via(make, dial):
    gateway = await make()
    peer, other = await dial(gateway), await dial(gateway)
    peer.send(options(peer))
    via = (await peer.expect(200)).get("via")
    assert f"rport={peer.port}" in via
    assert "received=127.0.0.1" in via
    peer.send(options(other, replace={";rport": ""}))
    assert "received" not in (await other.expect(200)).get("via")
    peer.send(options(peer, replace={"UDP 127.0.0.1:": "UDP pbx.invalid:"}))
    assert "received=127.0.0.1" in (await peer.expect(200)).get("via")


async def test_all_vias_come_back_in_order(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    text = options(peer).replace(
        "Max-Forwards", "Via: SIP/2.0/TCP b.invalid;branch=z9hG4bK2,SIP/2.0/UDP c\r\nMax-Forwards"
    )
    peer.send(text)
    vias = (await peer.expect(200)).all("via")
    assert vias[1:] == ["SIP/2.0/TCP b.invalid;branch=z9hG4bK2", "SIP/2.0/UDP c"]


async def test_tcp_in_pieces_and_in_one(make, dial):
    gateway = await make()
    peer = await dial(gateway, "tcp")
    text = options(peer).encode()
    for at in range(0, len(text), 50):
        peer.send(text[at : at + 50])
        await asyncio.sleep(0.001)
    await peer.expect(200)
    peer.send(b"\r\n" + options(peer).encode() + b"\r\n\r\n" + options(peer).encode())
    await peer.expect(200)
    await peer.expect(200)


async def test_tcp_body_framing_is_exact(make, dial):
    gateway = await make()
    peer = await dial(gateway, "tcp")
    phone = Phone(peer)
    text = phone.request("INVITE", offer()).replace("Content-Length", "l ") + options(peer)
    peer.send(text)
    answers = {(await peer.expect(200)).cseq_method for _ in range(2)}
    assert answers == {"INVITE", "OPTIONS"}


async def test_keep_alives_are_no_messages(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    for ping in (b"\r\n\r\n", b"\r\n", b"\0", b""):
        peer.send(ping)
    await peer.silence(0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.agent.port)
    writer.write(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.readexactly(2), 5) == b"\r\n"  # RFC 5626 §4.4.1
    writer.close()


@pytest.mark.parametrize(
    "poison",
    [
        b"A" * 40_000,
        b"INVITE sip:x@y SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\n" + b"X: y\r\n" * 8000,
        b"\r\n" * 20_000 + b"\x00" * 40_000,
    ],
)
async def test_a_stream_that_cannot_be_followed_is_closed(make, dial, poison):
    gateway = await make()
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.agent.port)
    writer.write(poison)
    async with asyncio.timeout(5):
        try:
            while await reader.read(1024):
                pass
        except ConnectionError:
            pass
    writer.close()
    await until(lambda: gateway.agent.sizes()["connections"] == 0)
    peer = await dial(gateway)
    await Phone(peer).up()


async def test_a_half_message_does_not_hold_a_connection_for_ever(make, monkeypatch):
    monkeypatch.setattr("channels.sip.transport.PARTIAL_TIMEOUT_S", 0.1)
    gateway = await make()
    for said in (b"OPTIONS sip:x SIP/2.0\r\n", b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.agent.port)
        writer.write(said)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_connections_are_counted(make, dial, monkeypatch):
    monkeypatch.setattr("channels.sip.transport.MAX_CONNECTIONS", 1)
    gateway = await make()
    peer = await dial(gateway, "tcp")
    peer.send(options(peer))
    await peer.expect(200)
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.agent.port)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await asyncio.wait_for(reader.readexactly(1), 5)
    writer.close()


async def test_a_caller_that_lost_its_connection_still_gets_bye(make, dial):
    """The gateway opens a new connection to the Contact."""
    gateway = await make()
    peer = await dial(gateway, "tcp")
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader, writer):
        got.put_nowait(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    phone = Phone(peer)
    port = server.sockets[0].getsockname()[1]
    phone.contact = f"<sip:x@127.0.0.1:{port};transport=tcp>"
    await phone.up(f"Record-Route: <sip:127.0.0.1:{port};transport=tcp;lr>")
    await peer.close()
    await gateway.legs[0].hangup()
    assert re.match(rb"BYE sip:x@127\.0\.0\.1", await asyncio.wait_for(got.get(), 5))
    server.close()


async def test_a_big_datagram(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    text = phone.request("OPTIONS", "", "X-Long: " + "x" * 30_000)
    assert len(text) < MAX_MESSAGE
    peer.send(text)
    await peer.expect(200)


async def test_a_taken_port_is_said_at_once(make):
    gateway = await make()
    other = Transports("127.0.0.1", "", lambda _data, _flow: None, ())
    with pytest.raises(OSError, match="in use"):
        await other.start(gateway.agent.port)
    assert not other.listening


async def test_bye_finds_a_caller_whose_connection_is_gone(make, dial):
    """No route, no connection: the Contact is tried."""
    gateway = await make()
    peer, listening = await dial(gateway, "tcp"), await dial(gateway)
    phone = Phone(peer)
    phone.contact = f"<sip:x@127.0.0.1:{listening.port}>"
    await phone.up()
    await peer.close()
    await until(lambda: gateway.agent.sizes()["connections"] == 0)
    await gateway.legs[0].hangup()
    assert (await listening.expect("BYE")).first == f"BYE sip:x@127.0.0.1:{listening.port} SIP/2.0"
