"""Media sessions over real UDP sockets: audio both ways, keys, hold, latching, loss."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
import time
from itertools import pairwise

import pytest

from channels.sip.media import NotAcceptable, PortsExhausted, RtpPool
from channels.sip.rtp_source import Signaller
from gateway.errors import CallEnded
from gateway.media.g711 import alaw_to_ulaw, ulaw_to_alaw
from gateway.telemetry import metrics
from tests.integration.media.conftest import HERE
from tests.support.rtp import HEADER, SILENCE
from tests.support.tones import Line
from tests.support.waiting import until

pytestmark = pytest.mark.integration

TRUNK = Signaller("127.0.0.1", trunks=("127.0.0.1", "127.0.0.2"))
INFO = "application/dtmf-relay"
FRAMES = [bytes([n + 1]) * 160 for n in range(50)]


class Tracks:
    """A sink that keeps both tracks."""

    def __init__(self, session) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        session.set_sink(lambda caller, ours: self.pairs.append((caller, ours)))

    @property
    def caller(self) -> list[bytes]:
        return [caller for caller, _ in self.pairs if caller != SILENCE]

    @property
    def ours(self) -> list[bytes]:
        return [ours for _, ours in self.pairs if ours != SILENCE]


async def test_what_is_played_is_heard_and_goes_to_the_sink(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    prompt = b"".join(FRAMES) + b"\x01" * 40
    playback = session.play(prompt)
    assert await playback.wait() is True
    assert playback.played_ms == 51 * 20
    await until(lambda: len(phone.audio()) >= 51 * 160)
    assert phone.audio() == prompt + b"\xd5" * 120
    assert b"".join(tracks.ours) == prompt + b"\xd5" * 120
    seqs = [p.seq for p in phone.received]
    assert [b - a & 0xFFFF for a, b in pairwise(seqs)] == [1] * (len(seqs) - 1)
    stamps = [p.timestamp for p in phone.received]
    assert [b - a & 0xFFFFFFFF for a, b in pairwise(stamps)] == [160] * (len(stamps) - 1)
    assert {p.kind for p in phone.received} == {8}
    assert [p.marker for p in phone.received][:2] == [True, False]


async def test_silence_is_sent_when_nothing_is_played(talk):
    phone, _ = await talk()
    await until(lambda: len(phone.received) >= 5)
    assert {p.payload for p in phone.received} == {SILENCE}


async def test_what_the_caller_says_goes_to_the_sink_in_order(talk):
    phone, session = await talk()
    assert not session.started_media
    tracks = Tracks(session)
    await phone.speak(FRAMES)
    await until(lambda: len(tracks.caller) >= len(FRAMES))
    assert tracks.caller == FRAMES
    assert session.started_media


async def test_mulaw_is_converted_at_the_edge(talk):
    phone, session = await talk(formats="18 0 101")
    tracks = Tracks(session)
    prompt = b"".join(FRAMES[:10])
    await asyncio.gather(session.play(prompt).wait(), phone.speak(FRAMES[:10], kind=0))
    await until(lambda: len(tracks.caller) >= 10 and len(phone.audio()) >= 1600)
    assert phone.audio() == alaw_to_ulaw(prompt)
    assert tracks.caller == [ulaw_to_alaw(frame) for frame in FRAMES[:10]]
    assert b"".join(tracks.ours) == prompt
    assert {p.kind for p in phone.received} == {0}


@pytest.mark.parametrize("length", [80, 240, 480])
async def test_other_packet_lengths_inbound(talk, length):
    phone, session = await talk()
    tracks = Tracks(session)
    said = b"".join(FRAMES[:24])
    await phone.speak([said[n : n + length] for n in range(0, len(said), length)], every_s=length / 8000)
    await until(lambda: len(b"".join(tracks.caller).replace(b"\xd5", b"")) >= len(said))
    assert b"".join(tracks.caller).replace(b"\xd5", b"") == said


async def test_loss_disorder_and_doubling(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    chance = random.Random(5)
    base = 65_530
    lost = {7, 8, 20}
    order = [n for n in range(40) if n not in lost]
    for n in range(0, len(order) - 1, 6):
        order[n], order[n + 1] = order[n + 1], order[n]
    loop = asyncio.get_running_loop()
    at = loop.time()
    for n in order:
        packet = HEADER.pack(0x80, 8, base + n & 0xFFFF, 160 * n, phone.ssrc) + FRAMES[n]
        for _ in range(2 if chance.random() < 0.3 else 1):
            phone.transport.sendto(packet, phone.to)
        at += 0.02
        await asyncio.sleep(max(0, at - loop.time()))
    await until(lambda: FRAMES[39] in tracks.caller)
    got = [f for f in tracks.caller if f in FRAMES]
    assert got == sorted(got)  # in order, none twice
    assert len(got) == len(set(got)) >= 40 - len(lost) - 3


async def test_a_new_stream_from_the_same_phone(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    await phone.speak(FRAMES[:10])
    await until(lambda: len(tracks.caller) >= 10)
    phone.ssrc, phone.seq, phone.timestamp = 0x9999, 3, 12
    await phone.speak(FRAMES[10:20])
    await until(lambda: len(tracks.caller) >= 20)
    assert tracks.caller == FRAMES[:20]


async def test_a_jump_of_the_timestamp_changes_nothing(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    await phone.speak(FRAMES[:10])
    phone.timestamp += 1_000_000
    await phone.speak(FRAMES[10:20])
    await until(lambda: len(tracks.caller) >= 20)
    assert tracks.caller == FRAMES[:20]


async def test_barge_in_stops_at_the_next_frame(talk):
    phone, session = await talk()
    first = session.play(b"\x01" * 160 * 1000)
    await until(lambda: first.played_ms >= 100)
    second = session.play(b"\x02" * 320)
    assert await first.wait() is False
    assert await second.wait() is True
    third = session.play(b"\x03" * 160 * 1000)
    await until(lambda: third.played_ms >= 40)
    third.stop()
    assert await third.wait() is False
    stopped_at = third.played_ms
    await until(lambda: phone.received[-1].payload == SILENCE)
    assert third.played_ms == stopped_at
    assert await session.play(b"").wait() is True


# -- keys ------------------------------------------------------------------------------------------------------------


def tones(keys: str) -> bytes:
    """A-law audio of keys, 80 ms each and 80 ms apart."""
    said = Line(random.Random(3))
    for key in keys:
        said.tone(key, 80)
        said.pause(80)
    return said.alaw()


def press(phone, key: int, timestamp: int, *, steps=(0, 1, 2, 3, 4), ends: int = 3, kind: int = 101) -> None:
    for step in steps:
        event = struct.pack("!BBH", key, 10, 160 * (step + 1))
        phone.send(event, kind=kind, marker=step == 0, timestamp=timestamp)
    for _ in range(ends):
        phone.send(struct.pack("!BBH", key, 0x8A, 960), kind=kind, timestamp=timestamp)


async def test_keys_each_once_whatever_arrives(talk):
    phone, session = await talk()
    press(phone, 1, 1000)
    press(phone, 2, 3000, steps=(), ends=1)
    press(phone, 3, 5000, steps=(2,), ends=0)
    press(phone, 10, 7000, steps=(1, 3), ends=2)
    press(phone, 3, 5000, steps=(4,), ends=3)  # late packets of an earlier key
    press(phone, 3, 9000, steps=(), ends=3)
    assert [await session.dtmf() for _ in range(5)] == list("123*3")
    await asyncio.sleep(0.05)
    assert not session.pending_dtmf()


async def test_keys_do_not_disturb_the_audio_around_them(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    await phone.speak(FRAMES[:10])
    press(phone, 5, phone.timestamp)
    await phone.speak(FRAMES[10:20])
    await until(lambda: len(tracks.caller) >= 20)
    assert tracks.caller == FRAMES[:20]
    assert await session.dtmf() == "5"


@pytest.mark.parametrize("formats", ["8 0 101", "8 0"])
async def test_events_on_a_payload_type_that_was_not_offered(talk, formats):
    phone, session = await talk(formats=formats)
    press(phone, 4, 1000, kind=96)  # before any audio
    await phone.speak(FRAMES[:3])
    press(phone, 11, 5000, kind=121)
    assert [await session.dtmf() for _ in range(2)] == ["4", "#"]


async def test_a_stranger_gets_no_call_by_packets_that_look_like_keys(talk, phones):
    phone, session = await talk()
    stranger = await phones(host="127.0.0.66")
    stranger.to = phone.to
    press(stranger, 6, 1000, kind=96)
    await phone.speak(FRAMES[:3])
    await until(lambda: session.started_media)
    assert not session.pending_dtmf()


@pytest.mark.parametrize(("formats", "keys"), [("8", "159"), ("0", "159"), ("8 101", "")])
async def test_tones_in_the_audio_count_where_no_events_were_agreed(talk, formats, keys):
    phone, session = await talk(formats=formats)
    tracks = Tracks(session)
    alaw = tones("159")
    kind = int(formats[0])
    frames = [alaw[n : n + 160] for n in range(0, len(alaw), 160)]
    await phone.speak([alaw_to_ulaw(frame) for frame in frames] if kind == 0 else frames, kind=kind)
    await phone.speak(FRAMES[:3], kind=kind)
    last = ulaw_to_alaw(FRAMES[2]) if kind == 0 else FRAMES[2]
    await until(lambda: last in tracks.caller)
    assert "".join([await session.dtmf() for _ in keys]) == keys
    assert not session.pending_dtmf()


async def test_one_press_in_every_way_at_once_is_one_key(talk):
    """A telephone that plays tones, sends events nobody asked for, and signals by INFO besides; each key twice."""
    phone, session = await talk(formats="8")
    for n in range(2):
        press(phone, 7, 5000 + 4000 * n, kind=101)
        alaw = tones("7")
        await phone.speak([alaw[n : n + 160] for n in range(0, len(alaw), 160)])
        session.push_dtmf("7", INFO)
        session.push_dtmf("7", "application/dtmf")
    assert [await session.dtmf() for _ in range(2)] == ["7", "7"]
    await asyncio.sleep(0.1)
    assert not session.pending_dtmf()


async def test_keys_that_came_by_signalling(talk):
    _, session = await talk()
    waiting = asyncio.create_task(session.dtmf())
    await asyncio.sleep(0)
    session.push_dtmf("7", INFO)
    session.push_dtmf("8", INFO)
    assert await waiting == "7"
    assert session.pending_dtmf()
    assert await session.dtmf() == "8"


async def test_a_reader_that_gave_up_loses_no_key(talk):
    _, session = await talk()
    waiting = asyncio.create_task(session.dtmf())
    await asyncio.sleep(0)
    session.push_dtmf("7", INFO)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await session.dtmf() == "7"


async def test_keys_we_press(talk):
    phone, session = await talk()
    session.send_dtmf("19#")
    await until(lambda: not session.sending_dtmf)
    await until(lambda: phone.received[-1].kind == 8)
    events = [p for p in phone.received if p.kind == 101]
    by_key: dict[int, list] = {}
    for packet in events:
        by_key.setdefault(packet.timestamp, []).append(struct.unpack("!BBH", packet.payload))
    assert [group[0][0] for group in by_key.values()] == [1, 9, 11]
    for group in by_key.values():
        assert [flags >> 7 for _, flags, _ in group] == [0] * 5 + [1] * 3
        assert [duration for _, _, duration in group] == [160, 320, 480, 640, 800, 800, 800, 800]
    assert [p.marker for p in events] == ([True] + [False] * 7) * 3
    seqs = [p.seq for p in phone.received]
    assert [b - a & 0xFFFF for a, b in pairwise(seqs)] == [1] * (len(seqs) - 1)


async def test_keys_cannot_be_sent_to_a_phone_without_events(talk):
    _, session = await talk(formats="8")
    with pytest.raises(NotAcceptable):
        session.send_dtmf("1")


# -- hold ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hold", "answered"),
    [
        ({"more": "a=sendonly\r\n"}, b"a=recvonly"),
        ({"more": "a=inactive\r\n"}, b"a=inactive"),
        ({"address": "0.0.0.0"}, b"a=recvonly"),  # noqa: S104 - the older way to say hold
    ],
)
async def test_hold_stops_our_sending_and_resume_starts_it(talk, hold, answered):
    phone, session = await talk()
    playback = session.play(b"\x07" * 160 * 500)
    await phone.speak(FRAMES[:3])
    assert answered in session.answer(phone.offer(**hold))
    assert session.on_hold
    await asyncio.sleep(0.05)
    count, position = len(phone.received), playback.played_ms
    await asyncio.sleep(0.2)
    assert (len(phone.received), playback.played_ms) == (count, position)
    assert b"a=sendrecv" in session.answer(phone.offer())
    assert not session.on_hold
    await until(lambda: len(phone.received) > count + 3)
    assert phone.received[count].marker
    await until(lambda: playback.played_ms > position)


# -- where media comes from and goes to ------------------------------------------------------------------------------


def refused() -> float:
    return metrics.RTP_REFUSED.labels("test")._value.get()


async def test_a_phone_behind_nat_is_followed_at_once_and_others_are_refused(talk, phones):
    phone, session = await talk(address="192.0.2.77", port=40_000)  # its SDP names an inner address
    tracks = Tracks(session)
    await phone.speak(FRAMES[:5])
    await until(lambda: len(phone.received) >= 3)  # we answer to where it really sends from
    stranger = await phones()
    stranger.to, before = phone.to, refused()
    await asyncio.gather(phone.speak(FRAMES[5:15]), stranger.speak([b"\x66" * 160] * 10))
    press(stranger, 6, 1000)
    await until(lambda: len(tracks.caller) >= 15)
    assert tracks.caller == FRAMES[:15]
    assert refused() - before == 18
    assert not stranger.received
    assert not session.pending_dtmf()


async def test_a_host_name_in_sdp_is_latched_by_source_and_never_looked_up(talk):
    phone, session = await talk(address="pbx.example.invalid", port=40_000)
    tracks = Tracks(session)
    await phone.speak(FRAMES[:5])
    await until(lambda: len(tracks.caller) >= 5 and len(phone.received) >= 3)
    assert tracks.caller == FRAMES[:5]


async def test_a_stranger_before_the_first_word_does_not_get_the_call(talk, phones):
    phone, session = await talk()
    tracks = Tracks(session)
    stranger = await phones(host="127.0.0.66")
    stranger.to, stranger.ssrc = phone.to, phone.ssrc
    flood = asyncio.create_task(stranger.speak([b"\x66" * 160] * 400, every_s=0.005))
    await asyncio.sleep(1.3)  # longer than the agreed address is waited for
    await phone.speak(FRAMES[:20])
    await until(lambda: len(tracks.caller) >= 20)
    assert tracks.caller == FRAMES[:20]
    await flood
    assert not stranger.received


async def test_the_agreed_address_gets_its_call_back_from_another_port_of_its_host(talk, phones):
    phone, session = await talk()
    tracks = Tracks(session)
    other = await phones()
    other.to = phone.to
    await other.speak([b"\x66" * 160] * 60, every_s=0.002)
    await asyncio.sleep(1.0)
    await other.speak([b"\x66" * 160] * 3)
    await until(lambda: session.source.current[1] == other.port)
    await asyncio.gather(phone.speak(FRAMES[:20]), other.speak([b"\x66" * 160] * 20))
    await until(lambda: FRAMES[19] in tracks.caller)
    said = tracks.caller[tracks.caller.index(FRAMES[0]) :]
    assert [frame for frame in said if frame != SILENCE] == FRAMES[:20]
    assert session.source.current[1] == phone.port


async def test_a_caller_whose_port_changes_is_followed_after_a_moment(talk, phones):
    phone, session = await talk()
    tracks = Tracks(session)
    await phone.speak(FRAMES[:5])
    await until(lambda: len(tracks.caller) >= 5)
    moved = await phones()
    moved.to, moved.ssrc = phone.to, phone.ssrc
    await moved.speak([b"\x66" * 160] * 25)
    await until(lambda: session.source.current[1] == moved.port)
    await moved.speak(FRAMES[5:15])
    await until(lambda: FRAMES[14] in tracks.caller and len(moved.received) >= 3)
    assert [f for f in tracks.caller if f in FRAMES[5:15]] == FRAMES[5:15]


async def test_media_comes_from_another_trunk_and_fails_over_to_a_third(pool, phones):
    signaller = Signaller("127.0.0.1", trunks=("127.0.0.1", "127.0.0.2", "127.0.0.3"))
    media = await phones(host="127.0.0.2")
    session = await pool.open(signaller)
    tracks = Tracks(session)
    media.answered(session.answer(media.offer()))
    media.to = ("127.0.0.1", media.to[1])
    session.start()
    await media.speak(FRAMES[:5])
    await until(lambda: len(tracks.caller) >= 5 and media.received)
    spare, stranger = await phones(host="127.0.0.3"), await phones(host="127.0.0.66")
    spare.to = stranger.to = media.to
    spare.ssrc = 0x7777
    await asyncio.gather(spare.speak([b"\x66" * 160] * 25), stranger.speak([b"\x67" * 160] * 25))
    await until(lambda: session.source.current[0] == "127.0.0.3")
    await spare.speak(FRAMES[5:15])
    await until(lambda: FRAMES[14] in tracks.caller and spare.received)
    assert [f for f in tracks.caller if f in FRAMES[5:15]] == FRAMES[5:15]
    assert b"\x67" * 160 not in tracks.caller
    assert not stranger.received


async def test_outside_the_trunks_audio_stays_with_who_signals_whatever_sdp_names(talk, phones):
    victim = await phones(host="127.0.0.99")
    phone, session = await talk(address="127.0.0.99", port=victim.port)
    session.play(b"".join(FRAMES))
    await phone.speak(FRAMES[:10])
    await until(lambda: len(phone.received) >= 10)
    victim.to = phone.to
    await victim.speak([b"\x66" * 160] * 15)
    assert not victim.received
    assert session.source.current == ("127.0.0.1", phone.port)


async def test_what_is_no_rtp_does_not_latch(talk, phones):
    phone, session = await talk()
    stranger = await phones()
    stranger.to = phone.to
    for junk in (
        b"",
        b"x",
        b"hello world, no rtp at all",
        bytes(200),
        b"\x80\xc8" + bytes(40),
        b"\x80\x22" + bytes(170),
    ):
        stranger.transport.sendto(junk, stranger.to)
    await asyncio.sleep(0.05)
    assert not session.started_media
    await phone.speak(FRAMES[:2])
    await until(lambda: session.started_media)
    assert session.source.current[1] == phone.port


async def test_a_new_sdp_moves_the_call(talk, phones):
    phone, session = await talk()
    tracks = Tracks(session)
    await phone.speak(FRAMES[:5])
    other = await phones()
    other.answered(session.answer(other.offer()))
    await phone.speak(FRAMES[:2])  # packets of the old place that are still under way
    await other.speak(FRAMES[5:15])
    await until(lambda: FRAMES[14] in tracks.caller)
    assert [f for f in tracks.caller if f in FRAMES[5:15]] == FRAMES[5:15]
    await until(lambda: len(other.received) >= 5)
    assert session.source.current[1] == other.port


async def test_reports_and_oversized_packets_are_passed_over(talk):
    phone, session = await talk(more="a=rtcp-mux\r\n")
    tracks = Tracks(session)
    await phone.speak(FRAMES[:5])
    phone.transport.sendto(b"\x80\xc8\x00\x06" + bytes(24), phone.to)
    phone.transport.sendto(b"\x81\xc9\x00\x07" + bytes(28), phone.to)
    phone.send(b"\x44" * 5000)
    await phone.speak(FRAMES[5:10])
    await until(lambda: FRAMES[9] in tracks.caller)
    assert tracks.caller == FRAMES[:10]


async def test_a_restored_answer_after_a_bad_offer(talk):
    phone, session = await talk()
    with pytest.raises(NotAcceptable):
        session.answer(phone.offer(formats="18"))
    await session.play(b"\x01" * 160).wait()
    await until(lambda: phone.audio() == b"\x01" * 160)


# -- ends ------------------------------------------------------------------------------------------------------------


async def test_silence_for_too_long_is_media_lost(talk, clock):
    phone, session = await talk()
    await phone.speak(FRAMES[:3])
    clock.passed_s += 29
    await asyncio.sleep(1.1)
    assert not session.lost.done()
    clock.passed_s += 30
    await asyncio.wait_for(session.lost, 5)


@pytest.mark.parametrize("where", ["beside", "muxed"])
async def test_reports_alone_keep_a_silent_caller(talk, clock, where):
    phone, session = await talk(more="a=rtcp-mux\r\n" if where == "muxed" else "")
    host, port = phone.to
    for _ in range(4):
        clock.passed_s += 20
        phone.transport.sendto(b"\x80\xc9\x00\x01" + bytes(4), (host, port + (where == "beside")))
        await asyncio.sleep(1.1)
    assert not session.lost.done()


@pytest.mark.parametrize("report", [b"", b"\x80\xc9", b"\x80\xc9\x00\x09" + bytes(4), b"\x00\xc9\x00\x01" + bytes(4)])
async def test_what_is_no_report_and_reports_of_strangers_keep_nobody(talk, phones, clock, report):
    phone, session = await talk()
    stranger = await phones(host="127.0.0.66")
    clock.passed_s += 31
    for _ in range(12):
        phone.transport.sendto(report, (phone.to[0], phone.to[1] + 1))
        stranger.transport.sendto(b"\x80\xc9\x00\x01" + bytes(4), (phone.to[0], phone.to[1] + 1))
        await asyncio.sleep(0.1)
    async with asyncio.timeout(5):
        await session.lost


@pytest.mark.parametrize(
    "offer", [{"more": "a=sendonly\r\n"}, {"more": "a=inactive\r\n"}, {"more": "a=recvonly\r\n"}, {"formats": "8 13"}]
)
async def test_silence_that_was_agreed_is_no_loss(talk, clock, offer):
    phone, session = await talk()
    await phone.speak(FRAMES[:3])
    session.answer(phone.offer(**offer))
    clock.passed_s += 1000
    await asyncio.sleep(2.2)
    assert not session.lost.done()


async def test_comfort_noise_is_media(talk):
    phone, session = await talk()
    tracks = Tracks(session)
    phone.send(b"\x20", kind=13)
    await until(lambda: session.started_media)
    await phone.speak(FRAMES[:5])
    await until(lambda: len(tracks.caller) >= 5)
    assert tracks.caller == FRAMES[:5]


async def test_a_send_that_fails_is_media_lost(pool):
    session = await pool.open(TRUNK)
    session.answer(b"v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 240.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n")
    session.start()
    await asyncio.wait_for(session.lost, 5)


async def test_close_wakes_everybody(talk):
    _, session = await talk()
    playback = session.play(b"\x01" * 160 * 1000)
    waiting = [asyncio.create_task(session.dtmf()), asyncio.create_task(playback.wait())]
    await asyncio.sleep(0.05)
    session.close()
    session.close()
    for task in waiting:
        with pytest.raises(CallEnded):
            await task
    with pytest.raises(CallEnded):
        await session.dtmf()
    with pytest.raises(CallEnded):
        session.play(b"\x01")


async def test_a_sink_that_fails_stops_nobody(talk):
    phone, session = await talk()

    def broken(_caller: bytes, _ours: bytes) -> None:
        raise RuntimeError

    session.set_sink(broken)
    assert await session.play(b"\x01" * 1600).wait() is True
    await until(lambda: len(phone.audio()) == 1600)


# -- ports -----------------------------------------------------------------------------------------------------------


def pool_of(first: int, last: int, clock) -> RtpPool:
    return RtpPool(
        host="127.0.0.1",
        advertised_host="",
        ports=(first, last),
        channel_id="ports",
        clock=clock,
        no_media_timeout_s=30,
    )


async def test_even_ports_of_the_range_until_it_is_used_up(clock):
    pool = pool_of(39_001, 39_009, clock)
    sessions = [await pool.open(HERE) for _ in range(4)]
    ports = [int(s.offer().decode().split("m=audio ")[1].split()[0]) for s in sessions]
    assert ports == [39_002, 39_004, 39_006, 39_008]
    assert pool.in_use == 4
    assert metrics.RTP_PORTS_IN_USE.labels("ports")._value.get() == 4
    with pytest.raises(PortsExhausted):
        await pool.open(HERE)
    sessions[1].close()
    again = await pool.open(HERE)
    assert b"m=audio 39004" in again.offer()
    await pool.aclose()
    assert pool.in_use == 0


async def test_a_port_rests_after_a_call(clock):
    pool = pool_of(39_102, 39_107, clock)
    first = await pool.open(HERE)
    first.close()
    used = [(await pool.open(HERE)).offer() for _ in range(2)]
    assert not any(b"m=audio 39102 " in offer for offer in used)
    clock.passed_s += 3
    assert b"m=audio 39102 " in (await pool.open(HERE)).offer()
    await pool.aclose()


async def test_late_packets_of_the_last_call_do_not_reach_the_next(clock, phones):
    pool = pool_of(39_202, 39_203, clock)
    phone, other = await phones(), await phones()
    first = await pool.open(HERE)
    phone.answered(first.answer(phone.offer()))
    first.start()
    await phone.speak(FRAMES[:3])
    first.close()
    second = await pool.open(HERE)
    tracks = Tracks(second)
    other.answered(second.answer(other.offer()))
    second.start()
    await phone.speak(FRAMES[3:6])
    await other.speak(FRAMES[10:15])
    await until(lambda: len(tracks.caller) >= 5)
    assert tracks.caller == FRAMES[10:15]
    await pool.aclose()


async def test_a_port_that_another_process_holds_is_left_out(clock):
    pool = pool_of(39_302, 39_305, clock)
    blocker = pool_of(39_302, 39_303, clock)
    await blocker.open(HERE)
    assert b"m=audio 39304" in (await pool.open(HERE)).offer()
    with pytest.raises(PortsExhausted):
        await pool.open(HERE)
    await pool.aclose()
    await blocker.aclose()


async def test_listening_everywhere_names_the_address_the_caller_reaches(clock, phones):
    pool = RtpPool(
        host="0.0.0.0", advertised_host="", ports=(0, 0), channel_id="any", clock=clock, no_media_timeout_s=30  # noqa: S104
    )  # fmt: skip
    phone, session = await phones(), await pool.open(HERE)
    body = session.answer(phone.offer())
    assert b"c=IN IP4 127.0.0.1" in body
    phone.answered(body)
    session.start()
    await until(lambda: len(phone.received) >= 3)
    await pool.aclose()


async def test_ipv6(clock):
    try:
        pool = RtpPool(
            host="::1", advertised_host="", ports=(0, 0), channel_id="v6", clock=clock, no_media_timeout_s=30
        )
        a, b = await pool.open(Signaller("::1")), await pool.open(Signaller("::1"))
    except PortsExhausted:
        pytest.skip("this machine has no IPv6")
    a.accept_answer(b.answer(a.offer()))
    tracks = Tracks(b)
    a.start()
    b.start()
    await a.play(b"".join(FRAMES[:10])).wait()
    await until(lambda: len(tracks.caller) >= 10)
    assert tracks.caller == FRAMES[:10]
    await pool.aclose()


async def test_a_loop_that_slept_loses_no_word_of_the_caller_and_sends_no_burst(talk):
    phone, session = await talk(address="192.0.2.77")  # behind NAT: it speaks from another port
    tracks = Tracks(session)
    session.play(b"\x09" * 160 * 500)
    sent = [bytes([n % 200 + 1]) * 160 for n in range(60)]

    def speak() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            for n, frame in enumerate(sent):
                line.sendto(HEADER.pack(0x80, 8, n, 160 * n, 7) + frame, phone.to)
                time.sleep(0.02)

    speaking = threading.Thread(target=speak)
    speaking.start()
    await until(lambda: len(tracks.caller) >= 10)
    time.sleep(0.4)  # everything in this process stands still, the caller goes on
    await until(lambda: not speaking.is_alive() and sent[-1] in tracks.caller)
    speaking.join()
    assert [frame for frame in tracks.caller if frame in sent] == sent


async def test_time_that_was_lost_is_a_gap_not_a_burst(talk):
    phone, session = await talk()
    session.play(b"\x09" * 160 * 500)
    await until(lambda: len(phone.received) >= 10)
    time.sleep(0.4)
    count = len(phone.received)
    await until(lambda: len(phone.received) >= count + 20)
    gaps = [(b.timestamp - a.timestamp & 0xFFFFFFFF, b) for a, b in pairwise(phone.received)]
    jump, packet = max(gaps, key=lambda gap: gap[0])
    assert jump >= 160 * 10
    assert packet.marker
    seqs = [p.seq for p in phone.received]
    assert [b - a & 0xFFFF for a, b in pairwise(seqs)] == [1] * (len(seqs) - 1)
