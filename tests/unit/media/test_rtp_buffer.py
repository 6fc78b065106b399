"""The jitter buffer: whatever order and length packets have, the audio comes out once, in order, 20 ms a tick."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip.rtp import payload_of
from channels.sip.rtp_buffer import EMPTY_TICKS, SILENCE, JitterBuffer

pytestmark = pytest.mark.unit


def frame(n: int, length: int = 160) -> bytes:
    return bytes([n % 100 + 1]) * length


def played(buffer: JitterBuffer, ticks: int) -> bytes:
    return b"".join(f for f in (buffer.get() for _ in range(ticks)) if f != SILENCE)


@pytest.mark.parametrize("first", [0, 65_530, 32_760])
def test_in_order_across_the_wrap(first):
    buffer = JitterBuffer()
    out = []
    for n in range(20):
        buffer.put(first + n & 0xFFFF, frame(n))
        out.append(buffer.get())
    out += [buffer.get() for _ in range(5)]
    assert [f for f in out if f != SILENCE] == [frame(n) for n in range(20)]


def test_reordered_and_doubled_packets():
    buffer = JitterBuffer()
    for n in (2, 0, 1, 1, 4, 3, 0):
        buffer.put(n, frame(n))
    assert played(buffer, 12) == b"".join(frame(n) for n in range(5))
    assert buffer.late == 2


def test_the_first_packets_may_come_in_any_order_before_playout():
    buffer = JitterBuffer()
    buffer.put(11, frame(1))
    buffer.put(10, frame(0))
    assert played(buffer, 8) == frame(0) + frame(1)


def test_a_lost_packet_is_silence_in_its_place():
    buffer = JitterBuffer()
    for n in (0, 1, 3, 4):
        buffer.put(n, frame(n))
    out = [buffer.get() for _ in range(5)]
    assert out == [frame(0), frame(1), SILENCE, frame(3), frame(4)]
    assert buffer.concealed == 1


def test_a_late_packet_is_dropped():
    buffer = JitterBuffer()
    for n in (0, 2, 3):
        buffer.put(n, frame(n))
    assert [buffer.get() for _ in range(3)] == [frame(0), SILENCE, frame(2)]
    buffer.put(1, frame(1))
    assert played(buffer, 5) == frame(3)


@pytest.mark.parametrize("length", [80, 240, 320, 480, 100, 33])
def test_other_packet_lengths(length):
    buffer = JitterBuffer()
    sent = b"".join(frame(n, length) for n in range(40))
    got = b""
    tick = 0
    for n in range(40):
        buffer.put(n, frame(n, length))
        while (tick + 1) * 160 <= (n + 1) * length:
            got += buffer.get()
            tick += 1
    got += b"".join(buffer.get() for _ in range(10))
    assert got.replace(b"\xd5", b"") == sent


def test_talk_spurts_with_pauses_between():
    buffer = JitterBuffer()
    seq, got = 0, b""
    for spurt in range(4):
        for _ in range(10):
            buffer.put(seq, frame(seq))
            seq += 1
            got += buffer.get()
        got += b"".join(buffer.get() for _ in range(30))
        assert got.replace(b"\xd5", b"") == b"".join(frame(n) for n in range(10 * (spurt + 1)))


def test_a_restarted_sequence_is_followed_and_a_stray_number_is_not():
    buffer = JitterBuffer()
    for n in range(5):
        buffer.put(n, frame(n))
    assert played(buffer, 5) == b"".join(frame(n) for n in range(5))
    buffer.put(40_000, frame(90))  # a stray
    buffer.put(5, frame(5))
    assert played(buffer, EMPTY_TICKS + 2) == frame(5)
    for n in range(5):
        buffer.put(20_000 + n, frame(20 + n))
    assert played(buffer, 12) == b"".join(frame(20 + n) for n in range(1, 5))


def test_packets_without_audio_hold_their_place():
    buffer = JitterBuffer()
    for n, audio in enumerate((frame(0), b"", b"", frame(3), frame(4))):
        buffer.put(n, audio)
    assert [buffer.get() for _ in range(3)] == [frame(0), frame(3), frame(4)]


def test_a_fast_sender_cannot_grow_it_without_bound():
    buffer = JitterBuffer()
    for n in range(1000):
        buffer.put(n, frame(n))
    assert len(played(buffer, 1000)) <= 25 * 160


def test_after_a_burst_the_delay_goes_back_in_quiet_moments():
    buffer = JitterBuffer()
    quiet = bytes([0xD4]) * 160
    seq = 0
    for _ in range(15):  # the loop slept: 300 ms come at once
        buffer.put(seq, quiet)
        seq += 1
    for _ in range(150):
        buffer.put(seq, quiet)
        seq += 1
        buffer.get()
    assert sum(buffer.get() == quiet for _ in range(20)) <= 5


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=400)), max_size=200), st.randoms())
def test_anything_put_in_gives_whole_frames(packets, chance: random.Random):
    buffer = JitterBuffer()
    for seq, audio in packets:
        buffer.put(seq, audio)
        if chance.random() < 0.7:
            assert len(buffer.get()) == 160
    for _ in range(50):
        assert len(buffer.get()) == 160


def test_payload_behind_csrcs_extension_and_padding():
    head = bytes(11)
    assert payload_of(b"\x80" + head + b"abc") == b"abc"
    assert payload_of(b"\x82" + head + bytes(8) + b"abc") == b"abc"
    assert payload_of(b"\x90" + head + b"\xbe\xde\x00\x01" + bytes(4) + b"abc") == b"abc"
    assert payload_of(b"\xa0" + head + b"abc\x00\x02") == b"abc"
    for malformed in (
        b"\x00" + head,
        b"\x8f" + head,
        b"\x90" + head,
        b"\xa0" + head + b"\x00",
        b"\xa0" + head + b"\xff",
    ):
        assert payload_of(malformed) is None
