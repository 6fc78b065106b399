"""Keys by RFC 4733: each exactly once, whichever packets are lost, doubled or late."""

from __future__ import annotations

import itertools
import random

import pytest

from channels.sip.rtp_events import EVENT, KEYS, EventReceiver, EventSender

pytestmark = pytest.mark.unit


class Packet:
    def __init__(self, key: str, timestamp: int, *, step: int = 0, end: bool = False, ssrc: int = 7):
        self.key, self.timestamp, self.ssrc, self.marker = key, timestamp, ssrc, step == 0 and not end
        self.payload = EVENT.pack(KEYS.index(key), 10 | (0x80 if end else 0), 160 * (step + 1))


def event(key: str, timestamp: int, length: int = 5, ssrc: int = 7) -> list[Packet]:
    packets = [Packet(key, timestamp, step=n, ssrc=ssrc) for n in range(length)]
    return packets + [Packet(key, timestamp, step=length, end=True, ssrc=ssrc) for _ in range(3)]


def keys(packets) -> str:
    receiver = EventReceiver()
    found = (receiver.take(p.payload, ssrc=p.ssrc, timestamp=p.timestamp, marker=p.marker) for p in packets)
    return "".join(key for key in found if key)


def test_every_key_once():
    packets = itertools.chain.from_iterable(event(key, 1000 + 2000 * n) for n, key in enumerate(KEYS))
    assert keys(packets) == KEYS


@pytest.mark.parametrize("kept", range(8))
def test_one_packet_of_an_event_is_enough(kept):
    assert keys([event("5", 1000)[kept]]) == "5"
    assert keys([event("5", 1000)[kept], event("5", 3000)[kept]]) == "55"


def test_repeated_and_late_packets_count_once():
    first, second = event("1", 1000), event("2", 3000)
    assert keys(first + first[::-1] + second + first[-3:] + second) == "12"


def test_the_same_key_twice_with_all_ends_lost():
    assert keys(event("1", 1000)[:5] + event("1", 2440)[:5]) == "11"


def test_the_same_timestamp_in_another_stream_is_another_key():
    assert keys(event("1", 1000, ssrc=1) + event("1", 1000, ssrc=2)) == "11"


def test_a_key_held_for_long_goes_on_as_segments():
    first = [Packet("9", 0, step=n) for n in range(409)]
    first[-1].payload = EVENT.pack(9, 10, 0xFFFF)
    second = [Packet("9", 0xFFFF, step=n) for n in range(1, 5)]
    assert keys([*first, *second, Packet("9", 0xFFFF, step=5, end=True)]) == "9"


def test_a_sender_that_moves_the_timestamp_on_with_each_packet():
    packets = [Packet("3", 1000 + 160 * n, step=n) for n in range(5)]
    assert keys([*packets, Packet("3", 1800, step=5, end=True), Packet("4", 3000)]) == "34"


def test_what_is_no_key_is_passed_over():
    receiver = EventReceiver()
    for payload in (b"", b"\x01\x8a\x00", EVENT.pack(16, 0, 160), EVENT.pack(255, 0x8A, 0)):
        assert receiver.take(payload, ssrc=1, timestamp=1, marker=True) is None
    assert receiver.take(EVENT.pack(1, 0x8A, 800) + b"more", ssrc=1, timestamp=1, marker=True) == "1"


@pytest.mark.parametrize("seed", range(20))
def test_random_loss_doubling_and_local_disorder(seed):
    chance = random.Random(seed)
    pressed = "".join(chance.choice(KEYS) for _ in range(30))
    sent = []
    for n, key in enumerate(pressed):
        packets = [p for p in event(key, 5000 + 1600 * n) if chance.random() < 0.6] or [event(key, 5000 + 1600 * n)[3]]
        packets += [p for p in packets if chance.random() < 0.3]
        chance.shuffle(packets)
        sent += packets
    assert keys(sent) == pressed


def test_what_we_send_is_what_is_received():
    sender = EventSender()
    sender.add("12#a")
    receiver, heard, timestamp, began, ends, ticks = EventReceiver(), "", 0, 0, 0, 0
    while sender.pending:
        timestamp, ticks = timestamp + 160, ticks + 1
        made = sender.next()
        if made is None:
            continue
        payload, first = made
        began = timestamp if first else began
        ends += payload[1] >> 7
        heard += receiver.take(payload, ssrc=1, timestamp=began, marker=first) or ""
    assert (heard, ends, ticks) == ("12#A", 12, 48)
    with pytest.raises(ValueError, match="substring"):
        sender.add("x")
