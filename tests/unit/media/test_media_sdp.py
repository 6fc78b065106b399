"""SDP offers and answers: what is agreed, what is refused, and that hostile text is only ever refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip.media_sdp import AgreedMedia, Description, NotAcceptable

pytestmark = pytest.mark.unit

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
AUDIO = "m=audio 4000 RTP/AVP 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n"


def ours() -> Description:
    return Description("192.0.2.1", 20000)


def answer(offer: str) -> tuple[list[str], AgreedMedia]:
    body, agreed = ours().answer(offer.encode())
    assert body.endswith(b"\r\n")
    return body.decode().split("\r\n"), agreed


def test_alaw_first_with_the_events_number_that_was_offered():
    lines, agreed = answer(HEAD + AUDIO)
    assert "m=audio 20000 RTP/AVP 8 96" in lines
    assert {"a=rtpmap:8 PCMA/8000", "a=rtpmap:96 telephone-event/8000", "a=fmtp:96 0-15"} <= set(lines)
    assert {"c=IN IP4 192.0.2.1", "a=ptime:20", "a=sendrecv"} <= set(lines)
    assert (agreed.alaw, agreed.events, agreed.remote) == (8, 96, ("192.0.2.9", 4000))


def test_mulaw_when_there_is_no_alaw_and_no_events():
    lines, agreed = answer(HEAD + "m=audio 4000 RTP/AVP 18 0\r\n")
    assert "m=audio 20000 RTP/AVP 0" in lines
    assert not any("telephone-event" in line for line in lines)
    assert (agreed.alaw, agreed.ulaw, agreed.events) == (None, 0, None)


def test_alaw_under_a_dynamic_number():
    lines, agreed = answer(HEAD + "m=audio 4000 RTP/AVP 98\r\na=rtpmap:98 pcma/8000/1\r\n")
    assert "m=audio 20000 RTP/AVP 98" in lines
    assert agreed.alaw == 98


@pytest.mark.parametrize(
    ("theirs", "answered", "sends"),
    [
        ("", "sendrecv", True),
        ("a=sendrecv", "sendrecv", True),
        ("a=sendonly", "recvonly", False),
        ("a=recvonly", "sendonly", True),
        ("a=inactive", "inactive", False),
    ],
)
@pytest.mark.parametrize("level", ["media", "session"])
def test_directions_are_mirrored(theirs, answered, sends, level):
    line = theirs + "\r\n" if theirs else ""
    lines, agreed = answer(HEAD + line + AUDIO if level == "session" else HEAD + AUDIO + line)
    assert f"a={answered}" in lines
    assert agreed.sends is sends
    assert agreed.both_ways is (answered == "sendrecv")


def test_no_address_is_hold():
    lines, agreed = answer(HEAD.replace("192.0.2.9\r\nt", "0.0.0.0\r\nt") + AUDIO)
    assert "a=recvonly" in lines
    assert not agreed.sends
    assert agreed.unspecified


def test_other_media_is_refused_line_by_line():
    offer = HEAD + "m=video 5000 RTP/AVP 96\r\n" + AUDIO + "m=audio 6000 RTP/AVP 8\r\nm=image 7000 udptl t38\r\n"
    lines, agreed = answer(offer)
    media = [line for line in lines if line.startswith("m=")]
    assert media == ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVP 8 96", "m=audio 0 RTP/AVP 8", "m=image 0 udptl t38"]
    assert agreed.remote[1] == 4000


def test_encrypted_audio_is_passed_over_for_plain():
    offer = HEAD + "m=audio 5000 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n" + AUDIO
    lines, _ = answer(offer)
    assert [line.split()[1] for line in lines if line.startswith("m=")] == ["0", "20000"]


def test_the_origin_stays_and_its_version_moves_only_with_a_change():
    mine = ours()

    def origin(offer: str) -> list[str]:
        body, _ = mine.answer(offer.encode())
        return body.decode().split("\r\n")[1].split()

    first = origin(HEAD + AUDIO)
    assert origin(HEAD + AUDIO) == first
    held = origin(HEAD + AUDIO + "a=sendonly\r\n")
    assert (held[1], int(held[2])) == (first[1], int(first[2]) + 1)


def test_offer_and_answer_and_a_later_offer_with_the_lines_there_were():
    a, b = ours(), Description("192.0.2.2", 30000)
    body, _ = b.answer(a.offer())
    agreed = a.accept(body)
    assert (agreed.alaw, agreed.events, agreed.remote) == (8, 101, ("192.0.2.2", 30000))
    body, _ = b.answer((HEAD + "m=video 5000 RTP/AVP 96\r\n" + AUDIO).encode())
    later = b.offer().decode()
    assert [line for line in later.split("\r\n") if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 96",
        "m=audio 30000 RTP/AVP 8 0 101",
    ]


def test_an_answer_that_refuses_our_audio():
    mine = ours()
    mine.offer()
    for refused in ("m=audio 0 RTP/AVP 8\r\n", "m=audio 4000 RTP/AVP 18\r\n", "m=video 4000 RTP/AVP 96\r\n"):
        with pytest.raises(NotAcceptable):
            mine.accept((HEAD + refused).encode())


def test_reports_on_the_same_port_are_agreed_when_offered():
    assert "a=rtcp-mux" in answer(HEAD + AUDIO + "a=rtcp-mux\r\n")[0]
    assert "a=rtcp-mux" not in answer(HEAD + AUDIO)[0]


def test_comfort_noise_is_agreed_when_offered():
    lines, agreed = answer(HEAD + "m=audio 4000 RTP/AVP 8 13\r\n")
    assert "m=audio 20000 RTP/AVP 8 13" in lines
    assert agreed.comfort_noise == 13


def test_an_address_of_ipv6():
    offer = HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP6 2001:db8::9") + AUDIO
    body, agreed = Description("2001:db8::1", 20000).answer(offer.encode())
    assert b"c=IN IP6 2001:db8::1" in body
    assert agreed.remote == ("2001:db8::9", 4000)
    with pytest.raises(NotAcceptable, match="IPv6"):
        ours().answer(offer.encode())


BAD = [
    "",
    "hello",
    HEAD,
    HEAD + "m=audio\r\n",
    HEAD + "m=audio 4000 RTP/AVP\r\n",
    HEAD + "m=audio 4000 RTP/AVP 18\r\n",
    HEAD + "m=audio 0 RTP/AVP 8\r\n",
    HEAD + "m=audio -1 RTP/AVP 8\r\n",
    HEAD + "m=audio 70000 RTP/AVP 8\r\n",
    HEAD + "m=audio x RTP/AVP 8\r\n",
    HEAD + "m=audio " + "9" * 5000 + " RTP/AVP 8\r\n",
    HEAD + "m=audio 4000 RTP/SAVPF 8\r\n",
    HEAD + "m=video 4000 RTP/AVP 96\r\n",
    HEAD + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 G729/8000\r\n",
    HEAD + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/16000\r\n",
    HEAD + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/x\r\n",
    HEAD + "m=audio 4000 RTP/AVP 200\r\na=rtpmap:200 PCMA/8000\r\n",
    HEAD + "m=audio 4000 RTP/AVP -8\r\na=rtpmap:-8 PCMA/8000\r\n",
    HEAD + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:x PCMA/8000\r\n",
    HEAD + AUDIO * 20,
    HEAD + AUDIO + "a=" + "x" * 20_000 + "\r\n",
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 " + "x" * 300) + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 1.2.3.4.5") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 224.2.1.1/127") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 239.1.1.1") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 255.255.255.255") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 1.2.3") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9", "c=IN IP4 ::1") + AUDIO,
    HEAD.replace("c=IN IP4 192.0.2.9\r\n", "") + AUDIO,
    HEAD.replace("v=0", "v=x") + AUDIO,
    HEAD.replace("t=0 0", "t=a b") + AUDIO,
    HEAD + "b=AS:much\r\n" + AUDIO,
    "\x00" * 1000,
    "m=" * 1000,
]


@pytest.mark.parametrize("offer", BAD, ids=range(len(BAD)))
def test_torture_is_refused(offer):
    with pytest.raises(NotAcceptable):
        ours().answer(offer.encode())


def test_an_offer_refused_changes_nothing():
    mine = ours()
    mine.answer((HEAD + AUDIO).encode())
    before = mine.offer()
    for offer in BAD:
        with pytest.raises(NotAcceptable):
            mine.answer(offer.encode())
    assert mine.offer() == before


@pytest.mark.parametrize("name", ["example.com", "localhost", "pbx-1.city.example", "3com.example"])
def test_a_host_name_is_answered_and_left_to_where_rtp_comes_from(name):
    body, agreed = ours().answer((HEAD.replace("c=IN IP4 192.0.2.9", f"c=IN IP4 {name}") + AUDIO).encode())
    assert body.startswith(b"v=0")
    assert agreed.remote == ("", 4000)
    assert agreed.both_ways


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(body):
    with pytest.raises(NotAcceptable):
        ours().answer(body)


PIECES = [b"\r\n", b" ", b"m=audio ", b"99999999999", b"\xff", b"a=rtpmap:", b"\xe2\x80\xa8"]


@pytest.mark.parametrize("seed", range(300))
def test_mutations_are_answered_or_refused(seed):
    chance = random.Random(seed)
    body = bytearray((HEAD + "m=video 5000 RTP/AVP 96\r\n" + AUDIO + "a=sendonly\r\n").encode())
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(body))
        match chance.randrange(3):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randint(1, 20)]
            case 2:
                body[at:at] = chance.choice(PIECES)
    try:
        made, agreed = ours().answer(bytes(body))
    except NotAcceptable:
        return
    assert made.decode().count("\r\nm=") >= 1
    assert 0 < agreed.remote[1] < 65536
    assert not any(line.startswith("m=") and len(line.split()) < 4 for line in made.decode().split("\r\n"))
