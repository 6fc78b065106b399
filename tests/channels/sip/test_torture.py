"""Hostile and broken messages: after each one the next call comes through, and nothing is left behind.

The messages are our own, made after the cases that RFC 4475 lists.
"""

from __future__ import annotations

import random

import pytest
from prometheus_client import REGISTRY

from tests.support.sip import Phone, offer

pytestmark = pytest.mark.integration

GOOD = (
    "OPTIONS sip:12345@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{n}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=f\r\nTo: <sip:12345@127.0.0.1>\r\n"
    "Call-ID: torture-{n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


def edited(*changes: tuple[str, str]):
    def make(port: int, n: int) -> bytes:
        text = GOOD.format(port=port, n=n)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return text.encode("utf-8", "surrogateescape")

    return make


VALID = {
    "folding and odd white space": edited(
        ("OPTIONS sip", "OPTIONS sip"),
        ("From: <", "FROM :\r\n  <"),
        ("To: ", "to:\t"),
        ("CSeq: 1 OPTIONS", "cseq: 0001\r\n OPTIONS"),
    ),
    "short names": edited(
        ("Via:", "v:"), ("From:", "f:"), ("To:", "t:"), ("Call-ID:", "i:"), ("Content-Length:", "l:")
    ),
    "white space in Via": edited(("SIP/2.0/UDP ", "SIP  / 2.0\r\n /  UDP\r\n  ")),
    "quotes and escapes": edited(("From: <", 'From: "J Rosenberg \\\\\\"<sip:x@y>;tag=no" <')),
    "tokens of all kinds": edited(("Call-ID: torture", "Call-ID: -.!%*_+`'~()<>:\\/[]?{}torture")),
    "escaped user": edited(("sip:12345@127.0.0.1 ", "sip:sip%3Auser%40example.com@127.0.0.1;p=%00?h=%20 ")),
    "UTF-8": edited(("From: <", 'From: "市民 📞" <')),
    "unknown scheme in From and To": edited(("<sip:a@127.0.0.1>", "<nobody:a>"), ("To: <sip:", "To: <soap.beep:")),
    "long values": edited(("Contact", "Contact")) if "Contact" in GOOD else edited(("a@", "a" * 1500 + "@")),
    "no Max-Forwards": edited(("Max-Forwards: 70\r\n", "")),
    "no From tag": edited((";tag=f", "")),
    "separators in headers that nobody needs": edited(("Max", "Subject: ;;,,;\r\nWarning: ,,;\r\nMax")),
    "a separator at the end": edited((";tag=f", ";tag=f;")),
    "NUL in a quoted string": edited(("From: <", 'From: "a\\\0b" <')),
    "extra header without a colon": edited(("Max", "this is nothing\r\nMax")),
}
BROKEN = {
    "no Via branch value": (edited((";branch=z9hG4bK", ";x=")), 200),
    "no From": (edited(("From: <sip:a@127.0.0.1>;tag=f\r\n", "")), 400),
    "no To": (edited(("To: <sip:12345@127.0.0.1>\r\n", "")), 400),
    "no CSeq": (edited(("CSeq: 1 OPTIONS\r\n", "")), 400),
    "no Call-ID": (edited(("Call-ID:", "X:")), 400),
    "nothing but a Via": (edited(("From: <", "X: <"), ("To: <", "X: <"), ("CSeq:", "X:"), ("Call-ID:", "X:")), 400),
    "no Via": (edited(("Via:", "X:")), None),
    "Via port": (edited((";rport", ":99999;rport")), 400),
    "Via that is none": (edited(("SIP/2.0/UDP", "here")), 400),
    "a second Via that is none": (edited(("Max", "Via: ;\r\nMax")), 400),
    "Via with separators": (edited((";rport", ";;rport")), 400),
    "From with separators": (edited((";tag=f", ";;tag=f")), 400),
    "Contact with separators": (edited(("To:", "Contact: <sip:a@127.0.0.1>;;q=1\r\nTo:")), 400),
    "a quoted string without an end in From": (edited(("From: <", 'From: "A <')), 400),
    "a quoted string without an end in Contact": (edited(("To:", 'Contact: "A <sip:a@127.0.0.1>\r\nTo:')), 400),
    "version in Via too": (edited(("SIP/2.0\r\nVia: SIP/2.0", "SIP/3.1\r\nVia: SIP/3.1")), 505),
    "CSeq method": (edited(("1 OPTIONS", "1 INVITE")), 400),
    "CSeq number": (edited(("CSeq: 1", "CSeq: 36893488147419103232")), 400),
    "CSeq word": (edited(("CSeq: 1", "CSeq: one")), 400),
    "CSeq in other digits": (edited(("CSeq: 1", "CSeq: ١")), 400),
    "Content-Length negative": (edited(("Length: 0", "Length: -999")), 400),
    "Content-Length too large": (edited(("Length: 0", "Length: 9999")), 400),
    "Content-Length twice": (edited(("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 5")), 400),
    "Max-Forwards": (edited(("Forwards: 70", "Forwards: 300")), 400),
    "two From": (edited(("To:", "From: <sip:b@c>;tag=2\r\nTo:")), 400),
    "two Call-IDs": (edited(("To:", "Call-ID: other\r\nTo:")), 400),
    "white space in the request line": (edited(("OPTIONS sip", "OPTIONS  sip")), 400),
    "angle brackets in the request line": (edited(("sip:12345@127.0.0.1 S", "<sip:12345@127.0.0.1> S")), 400),
    "trailing white space": (edited(("SIP/2.0\r\nVia", "SIP/2.0  \r\nVia")), 200),
    "version": (edited(("SIP/2.0\r\nVia", "SIP/7.0\r\nVia")), 505),
    "unterminated From": (edited(("<sip:a@127.0.0.1>", "<sip:a@127.0.0.1")), 400),
    "endless Call-ID": (edited(("torture-", "t" * 5000)), 400),
    "NUL": (edited(("From:", "X: \0\r\nFrom:")), 400),
    "NUL in a name": (edited(("From:", "X-\0: y\r\nFrom:")), 400),
    "NUL in a tag": (edited(("tag=f", "tag=f\0")), 400),
    "too many headers": (edited(("From:", "X: y\r\n" * 400 + "From:")), None),
    "unknown scheme": (edited(("OPTIONS sip:12345", "OPTIONS gopher:12345")), 416),
    "no scheme": (edited(("OPTIONS sip:12345@127.0.0.1", "OPTIONS name")), 416),
    "a response out of nowhere": (edited(("OPTIONS sip:12345@127.0.0.1 SIP/2.0", "SIP/2.0 200 OK")), None),
    "a response with a huge status": (edited(("OPTIONS sip:12345@127.0.0.1 SIP/2.0", "SIP/2.0 4294967301 OK")), None),
    "no end of headers": (lambda port, n: GOOD.format(port=port, n=n).rstrip().encode(), 400),
    "a web request": (lambda _port, _n: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
    "noise": (lambda _port, n: random.Random(n).randbytes(1200), None),
    "only a line": (lambda _port, _n: b"INVITE", None),
}


@pytest.fixture
async def house(make, dial):
    gateway = await make(t1_ms=10)
    return gateway, await dial(gateway), await dial(gateway)


async def works(peer) -> None:
    """The next call comes through."""
    phone = Phone(peer)
    await phone.up()
    await phone.bye()


async def test_valid_however_odd(house):
    gateway, peer, other = house
    for n, (name, make_message) in enumerate(VALID.items()):
        peer.send(make_message(peer.port, n))
        answer = await peer.next()
        assert answer.status == 200, (name, answer.raw)
    await works(other)
    await gateway.at_rest()


async def test_broken_is_refused_or_dropped_and_counted(house, dial):
    gateway, _, other = house

    def count() -> float:
        return REGISTRY.get_sample_value("gateway_sip_malformed_total", {"channel_id": "hotline"}) or 0.0

    for n, (name, (make_message, status)) in enumerate(BROKEN.items(), 100):
        before = count()
        peer = await dial(gateway, host=f"127.0.3.{n}")  # one address is told of so many in a second
        peer.send(make_message(peer.port, n))
        # A good request behind it: what comes first tells whether the broken one was answered.
        peer.send(edited(("torture", "probe"))(peer.port, n + 1000))
        first = await peer.next()
        if first.get("call-id").startswith("probe"):
            assert status is None, name
        else:
            assert first.status == status, (name, first.raw)
            assert (await peer.next()).get("call-id").startswith("probe")
        if status not in {200, 416} and "response out" not in name:
            assert count() == before + 1, name
    await works(other)
    await gateway.at_rest()


async def test_mutations(house):
    """Seeded changes of an INVITE: whatever they do, the house stays in order."""
    gateway, peer, other = house
    chance = random.Random(12345)
    for round_ in range(300):
        raw = bytearray(Phone(peer).request("INVITE", offer()).encode())
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(raw))
            match chance.randrange(4):
                case 0:
                    raw[at] = chance.randrange(256)
                case 1:
                    del raw[at : at + chance.randint(1, 40)]
                case 2:
                    raw[at:at] = chance.choice([b"\r\n", b"\0", b"<", b'"', b";", b"%", b"\xff", b":" * 50, b"9" * 30])
                case _:
                    raw[at:at] = raw[chance.randrange(len(raw)) :][:60]
            if not raw:
                raw = bytearray(b" ")
        peer.send(bytes(raw))
        if round_ % 100 == 0:
            await works(other)
    await works(other)
    for leg in gateway.legs:
        await leg.hangup()
    await gateway.at_rest()


async def test_mutations_inside_a_call(house):
    gateway, peer, other = house
    phone = Phone(peer)
    await phone.up()
    chance = random.Random(54321)
    for _ in range(200):
        method = chance.choice(["INVITE", "UPDATE", "INFO", "ACK", "OPTIONS", "CANCEL"])
        body = list(offer(chance.choice(["sendonly", "sendrecv", "inactive"])))
        for _ in range(chance.randint(0, 5)):
            body[chance.randrange(len(body))] = chance.choice(["\n", "=", "m", " ", "9", "-", "\x00", "é"])
        peer.send(phone.request(method, "".join(body)))
    await works(other)
    for leg in gateway.legs:
        await leg.hangup()
    await gateway.at_rest()
