"""Whatever arrives in a datagram: read or refused with our own word, and in time that grows with its length."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sip import uri as uris
from channels.sip.bodies import UnsupportedBody, key_of, sdp_of
from channels.sip.call_info import call_info
from channels.sip.digest import Digest
from channels.sip.media_sdp import Description, NotAcceptable
from channels.sip.message import MAX_HEADERS, Malformed, Request, Response, parse, response_to
from channels.sip.registrar import MAX_CONTACTS
from channels.sip.rtp import is_report, payload_of
from channels.sip.rtp_buffer import JitterBuffer
from channels.sip.rtp_events import EventReceiver
from channels.sip.session_timers import IntervalTooSmall, agree
from channels.sip.settings import SipSettings
from channels.sip.transport import MAX_MESSAGE, Flow
from gateway.ports.clock import SystemClock
from tests.support.fakes.house import NoPhones

pytestmark = pytest.mark.unit

FLOW = Flow(None, "udp", "192.0.2.9", 5060, None)  # type: ignore[arg-type]  # nothing is sent
DIGEST = Digest(realm="12345", phones=NoPhones(), clock=SystemClock())
SDP = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
)
INVITE = (
    "INVITE sip:12345@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKabc\r\n"
    'Max-Forwards: 70\r\nFrom: "A" <sip:1@192.0.2.9>;tag=t\r\nTo: <sip:12345@192.0.2.1>\r\nCall-ID: c\r\n'
    "CSeq: 1 INVITE\r\nContact: <sip:1@192.0.2.9>\r\nSupported: timer\r\nSession-Expires: 1800;refresher=uac\r\n"
    "P-Asserted-Identity: <tel:+8613800000000>\r\nRecord-Route: <sip:192.0.2.8;lr>\r\n"
    'Authorization: Digest username="8001", realm="12345", nonce="x", uri="sip:1", response="y", qop=auth, nc=1, '
    "cnonce=z\r\nContent-Type: application/sdp\r\n\r\n"
) + SDP
PIECES = [
    b"\r\n", b"\n", b"\r\n\r\n", b"\0", b" ", b"\t", b",", b";", b"<", b">", b'"', b"\\", b"=", b":", b"@", b"[", b"]",
    b"%", b"\xff", b"\xe2\x80\xa8", b"-1", b"9" * 40, b";tag=", b"Via: ", b"v: ", b"i: ", b"sip:", b"SIP/2.0 ",
    b"a=rtpmap:", b"m=audio ", b"c=IN IP4 ", b"IN IP6 ", b"--b\r\n", b"Content-Type: multipart/mixed;boundary=b\r\n",
]  # fmt: skip


@st.composite
def mangled(draw, text: str) -> bytes:
    """A good message after a few cuts, doublings and insertions."""
    body = bytearray(text.encode())
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(body)))
        match draw(st.integers(0, 3)):
            case 0:
                body[at:at] = draw(st.sampled_from(PIECES))
            case 1:
                body[at:at] = draw(st.binary(max_size=20))
            case 2:
                del body[at : at + draw(st.integers(1, 60))]
            case _:
                body[at:at] = body[at : at + draw(st.integers(1, 60))]
    return bytes(body)


def take(data: bytes) -> None:
    """All that is done with a message before anything is decided about it."""
    try:
        message = parse(data, FLOW)
    except Malformed as error:
        if error.request is not None:
            response_to(error.request, error.status, to_tag="t")
        return
    if isinstance(message, Response):
        return
    assert isinstance(message, Request)
    response_to(message, 200, to_tag="t")
    call_info(message, channel_id="c", settings=SipSettings(), trusted=True)
    DIGEST.claim(message, "authorization")
    for contact in message.values("contact")[:MAX_CONTACTS]:
        uris.parse_uri(uris.uri_of(contact))
        uris.address_params(contact)
    for read, refusal in ((sdp_of, UnsupportedBody), (key_of, UnsupportedBody)):
        try:
            body = read(message)
        except refusal:
            continue
        if isinstance(body, bytes):
            offered(body)
    with contextlib.suppress(IntervalTooSmall):
        agree(message, preferred_s=1800, min_s=90)


def offered(body: bytes) -> None:
    try:
        answer, agreed = Description("192.0.2.1", 20_000).answer(body)
    except NotAcceptable:
        return
    assert answer.startswith(b"v=0\r\n")
    assert 0 < agreed.remote[1] < 65_536


@settings(max_examples=400)
@given(mangled(INVITE) | st.binary(max_size=600))
def test_sip_is_read_or_refused(data):
    take(data)


@settings(max_examples=300)
@given(mangled(SDP) | st.binary(max_size=600))
def test_sdp_is_answered_or_refused(body):
    offered(body)


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=200))
def test_rtp_and_reports_are_read_or_passed_over(packet):
    payload = payload_of(packet.ljust(12, b"\0"))
    assert payload is None or len(payload) <= max(len(packet), 12)
    is_report(packet)
    if payload:
        EventReceiver().take(payload, ssrc=1, timestamp=1)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 65_535), st.binary(max_size=2_400), st.booleans()), max_size=80))
def test_the_jitter_buffer_bears_any_order_and_length(packets):
    buffer = JitterBuffer()
    for seq, audio, tick in packets:
        buffer.put(seq, audio)
        if tick:
            assert len(buffer.get()) == 160
    for _ in range(200):
        assert len(buffer.get()) == 160


def long(head: str, piece: str, tail: str = "") -> bytes:
    """``INVITE`` with a header of as many ``piece`` as are read."""
    filled = head + piece * ((MAX_HEADERS - len(INVITE) - 200) // len(piece)) + tail
    return INVITE.replace("Supported: timer", filled).encode()


WORST = {
    "commas": long("Contact: ", ","), "quotes": long("Contact: ", '"'), "escapes": long('Contact: "', "\\"),
    "brackets": long("Contact: ", "<"), "semicolons": long("Contact: <sip:1@192.0.2.9>", ";"),
    "routes": long("Record-Route: ", "<sip:192.0.2.8;lr>,"), "spaces": long("Contact: ", " "),
    "folds": long("X-A: ", "\r\n "), "headers": long("X-A: 1", "\r\nX-A: 1"), "names": long("X-1: 1", "\r\nVia: "),
    "received": long("Via: SIP/2.0/UDP 192.0.2.7", ";received=1"), "rport": long("v: SIP/2.0/UDP h", "; rport = 1 "),
    "digest": long("Authorization: Digest ", 'a="\\",'), "digest commas": long("Authorization: Digest ", ", "),
    "digest equals": long("Authorization: Digest ", "a="), "require": long("Require: ", "a,"),
    "parameters": long("Session-Expires: 1800", ";a=b"), "tags": long("Contact: <sip:1@192.0.2.9>", ";tag=a"),
    "boundary": (INVITE.replace("application/sdp", "multipart/mixed;boundary=b") + "--b\r\n" * 12_000).encode(),
    "boundaries": long("Content-Type: multipart/mixed;", "boundary "),
    "from": INVITE.replace('"A"', '"' * 30_000).encode(),
    "uri": INVITE.replace("sip:12345@192.0.2.1", "sip:" + ";" * 2_000, 1).encode(),
    "empty lines": b"\r\n" * 30_000 + INVITE.encode(), "no end": INVITE.encode()[:200] + b"A: b\r\n" * 10_000,
}  # fmt: skip


def test_longer_headers_are_not_read():
    data = INVITE.replace("Supported: timer", "X-A: " + "," * MAX_HEADERS).encode()
    with pytest.raises(Malformed) as refused:
        parse(data, FLOW)
    assert refused.value.request is None


@pytest.mark.parametrize("data", WORST.values(), ids=WORST.keys())
def test_no_datagram_holds_the_loop(data):
    """At most 50 ms of this thread's own time; where this machine is slow, as often a plain INVITE's."""
    assert len(data) <= MAX_MESSAGE
    began = time.thread_time()
    for _ in range(20):
        take(INVITE.encode())
    plain = (time.thread_time() - began) / 20
    began = time.thread_time()
    take(data)
    spent = time.thread_time() - began
    assert spent <= max(0.05, 100 * plain), f"{spent * 1000:.1f} ms; a plain INVITE takes {plain * 1000:.2f}"
