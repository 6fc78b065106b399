"""The 49 messages of RFC 4475, octet for octet through a UDP socket, each with the answer that the RFC asks for.

``tests/data/vectors/rfc4475/answers.toml`` is the table. The messages name the port that answers go to (5060 where they
name none, RFC 3261 §18.2.2), so the telephone here has those ports, on a loopback address that is its own.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import tomllib
from typing import Any

import pytest

from tests.support.command import ROOT
from tests.support.sip import Msg, Peer, Phone

pytestmark = pytest.mark.integration

FOLDER = ROOT / "tests/data/vectors/rfc4475"
TABLE: list[dict[str, Any]] = tomllib.loads((FOLDER / "answers.toml").read_text(encoding="utf-8"))["message"]
PORTS = (5060, 5050)
PROVISIONAL = 200
_hosts = (f"127.75.{random.randrange(256)}.{last}" for last in itertools.cycle(range(1, 255)))


def octets(row: dict[str, Any]) -> bytes:
    return (FOLDER / f"{row['file']}.dat").read_bytes()


class Listener:
    """One telephone on all ``PORTS`` of an address; sends from the first."""

    def __init__(self, peers: list[Peer], host: str) -> None:
        self.peers = peers
        self.host = host
        self.said = 0

    @classmethod
    async def on_an_address_of_its_own(cls, server: int) -> Listener:
        for host in _hosts:
            peers = await asyncio.gather(*(Peer.udp(server, host, port) for port in PORTS), return_exceptions=True)
            own = [peer for peer in peers if isinstance(peer, Peer)]
            if len(own) == len(PORTS):
                return cls(own, host)
            for peer in own:  # somebody else has the other
                await peer.close()
        raise AssertionError("addresses never end")

    async def close(self) -> None:
        for peer in self.peers:
            await peer.close()

    def send(self, data: str | bytes) -> None:
        self.peers[0].send(data)

    async def heard_before_a_probe(self) -> list[Msg]:
        """Everything that comes until a sound request, sent now, is answered."""
        self.said += 1
        probe = f"probe-{self.said}"
        via = f"SIP/2.0/UDP {self.host};branch=z9hG4bK{probe}"
        self.send(request("OPTIONS", probe, 1, via, "<sip:a@example.com>;tag=probe", "<sip:12345@example.com>"))
        heard = []
        while (message := await self.peers[0].next()).get("call-id") != probe:
            heard.append(message)
        return heard + [peer.inbox.get_nowait() for peer in self.peers[1:] for _ in range(peer.inbox.qsize())]


def request(method: str, call_id: str, cseq: int, via: str, from_: str, to: str) -> str:
    return (
        f"{method} sip:12345@example.com SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: {from_}\r\nTo: {to}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.fixture
async def house(make):
    gateway = await make(t1_ms=10)
    listener = await Listener.on_an_address_of_its_own(gateway.agent.port)
    yield gateway, listener
    await listener.close()


async def finals_of(listener: Listener, *, expected: bool) -> list[Msg]:
    """The final answers to what was sent; waits for one when one is ``expected``."""
    finals: list[Msg] = []
    async with asyncio.timeout(10):
        while True:
            finals += [m for m in await listener.heard_before_a_probe() if m.status >= PROVISIONAL]
            if finals or not expected:
                return finals


def hang_up(listener: Listener, answer: Msg) -> None:
    """Acknowledge a 200 to INVITE and end its call."""
    number = int(answer.get("cseq").split()[0])
    for cseq, method in ((number, "ACK"), (number + 1, "BYE")):
        via = f"SIP/2.0/UDP {listener.host};branch=z9hG4bK{method}"
        listener.send(request(method, answer.get("call-id"), cseq, via, answer.get("from"), answer.get("to")))


@pytest.mark.parametrize("row", TABLE, ids=[row["file"] for row in TABLE])
async def test_each_gets_the_right_answer(house, row):
    gateway, listener = house
    listener.send(octets(row))
    finals = await finals_of(listener, expected=bool(row["accepted"]))
    assert {m.status for m in finals} == set(filter(None, [row["ours"]])), [m.raw for m in finals]
    for answer in finals:
        assert not row.get("header") or answer.get(row["header"])
        assert f"received={listener.host}" in answer.get("via")
    for answer in finals[:1]:
        if answer.status == 200 and answer.cseq_method == "INVITE":
            hang_up(listener, answer)
    await gateway.at_rest(sources=1)
    # And the next one gets through.
    peer = await Peer.udp(gateway.agent.port)
    phone = Phone(peer)
    await phone.up()
    await phone.bye()
    await peer.close()


@pytest.mark.parametrize("row", [row for row in TABLE if row["ours"]], ids=lambda row: row["file"])
async def test_an_answer_copies_what_the_request_has(house, row):
    """RFC 3261 §8.2.6.2: From, Call-ID, CSeq as they came, every Via; what is missing is not invented."""
    _, listener = house
    listener.send(octets(row))
    answer = (await finals_of(listener, expected=True))[0]
    sent = unfolded(octets(row))
    for name in ("call-id", "from", "cseq"):
        assert answer.all(name) == sent.get(name, [])[:1], name
    assert len(answer.all("via")) >= len(sent["via"])
    assert len(answer.all("to")) == min(1, len(sent.get("to", [])))


def unfolded(message: bytes) -> dict[str, list[str]]:
    """Headers of a message by a reader of the tests' own: long names, values on one line."""
    head = re.sub(r"\r\n[ \t]+", " ", message.partition(b"\r\n\r\n")[0].decode())
    long = {"i": "call-id", "f": "from", "t": "to", "v": "via"}
    found: dict[str, list[str]] = {}
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        found.setdefault(long.get(name, name), []).append(value.strip())
    return found


def test_the_table_is_whole():
    files = {path.stem for path in FOLDER.glob("*.dat")}
    assert [row["file"] for row in TABLE] == sorted({r["file"] for r in TABLE}, key=[r["file"] for r in TABLE].index)
    assert files == {row["file"] for row in TABLE}
    assert len(files) == 49
    for row in TABLE:
        assert row["ours"] in (row["accepted"] or [0]), row["file"]
        assert len(row["why"]) > 20
        assert re.fullmatch(r"3\.[1-4](\.\d{1,2}){1,2}", row["section"])
    assert len({row["section"] for row in TABLE}) == 49
