"""Keys by RFC 4733: each exactly once, whichever packets are lost, doubled or late."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.sip.rtp_events import EVENT, KEYS, REMEMBERED, REPEAT, EventReceiver, EventSender, looks_like_event

pytestmark = pytest.mark.unit


class Packet:
    def __init__(self, key: str, timestamp: int, *, step: int = 0, end: bool = False, ssrc: int = 7):
        self.timestamp, self.ssrc = timestamp, ssrc
        self.payload = EVENT.pack(KEYS.index(key), 10 | (0x80 if end else 0), 160 * (step + 1))


def event(key: str, timestamp: int, length: int = 5, ssrc: int = 7) -> list[Packet]:
    packets = [Packet(key, timestamp, step=n, ssrc=ssrc) for n in range(length)]
    return packets + [Packet(key, timestamp, step=length, end=True, ssrc=ssrc) for _ in range(3)]


def keys(packets) -> str:
    receiver = EventReceiver()
    heard = (receiver.take(p.payload, ssrc=p.ssrc, timestamp=p.timestamp) for p in packets)
    return "".join(found[0] for found in heard if found and found[1])


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
        assert receiver.take(payload, ssrc=1, timestamp=1) is None
    assert receiver.take(EVENT.pack(1, 0x8A, 800) + b"more", ssrc=1, timestamp=1) == ("1", True)


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
        key = receiver.take(payload, ssrc=1, timestamp=began)
        heard += key[0] if key and key[1] else ""
    assert (heard, ends, ticks) == ("12#A", 12, 48)
    with pytest.raises(ValueError, match="substring"):
        sender.add("x")


# -- senders that get it wrong ---------------------------------------------------------------------------------------


@dataclass
class Style:
    """How a sender stamps the packets of one press; the right way is that all have the beginning's timestamp."""

    every: bool = False
    """Each packet carries the time at which it is sent."""
    ends: bool = False
    """The end packets do."""
    whole: bool = True
    """Durations count from the beginning of the press, not from the packet's own timestamp."""
    step: int = 160

    def press(self, key: str, begin: int, steps: int, ssrc: int = 7) -> list[Packet]:
        packets = []
        for n in range(steps + 3):
            end = n >= steps
            stamp = begin + n * self.step if self.every or (self.ends and end) else begin
            packet = Packet(key, stamp & 0xFFFF_FFFF, end=end, ssrc=ssrc)
            duration = self.step * min(n + 1, steps) if self.whole else self.step
            packet.payload = EVENT.pack(KEYS.index(key), 0x8A if end else 10, duration)
            packets.append(packet)
        return packets


RIGHT = Style()
ODD = [
    Style(ends=True),
    Style(every=True),
    Style(every=True, whole=False),
    Style(every=True, step=400),
    Style(ends=True, step=400),
]


@pytest.mark.parametrize("style", ODD)
@pytest.mark.parametrize("steps", [1, 2, 5, 12, 50])
def test_one_press_is_one_key_however_it_is_stamped(style, steps):
    assert keys(style.press("5", 1000, steps)) == "5"


@pytest.mark.parametrize("style", [RIGHT, *ODD])
@pytest.mark.parametrize("steps", [3, 5, 12])
def test_two_quick_presses_of_a_key_are_two(style, steps):
    """100 ms behind the first's last packet; where the stamps are right, the 40 ms that Q.24 asks for will do."""
    pause = 320 if style is RIGHT else 800
    second = 1000 + steps * style.step + (0 if style is RIGHT else 2 * style.step) + pause
    assert keys(style.press("5", 1000, steps) + style.press("5", second, steps)) == "55"


def test_a_second_press_of_which_only_the_end_arrives():
    assert keys(RIGHT.press("5", 1000, 5) + RIGHT.press("5", 2600, 10)[-1:]) == "55"


def test_time_that_starts_over():
    assert keys(RIGHT.press("1", 0xFFFF_FE00, 5) + RIGHT.press("1", 0x400, 5)[:3]) == "11"


@dataclass
class Network:
    """What becomes of packets: lost, doubled, overtaken by their neighbours, and some come once more much later."""

    random: random.Random
    keeps_first: bool

    def carry(self, presses: list[list[Packet]]) -> list[Packet]:
        arrived: list[Packet] = []
        stragglers: list[Packet] = []
        for packets in presses:
            kept = [p for p in packets if self.random.random() < 0.7]
            if self.keeps_first and packets[0] not in kept:
                kept.insert(0, packets[0])
            kept = kept or [self.random.choice(packets)]
            kept += [p for p in kept if self.random.random() < 0.3]
            order = [n + self.random.uniform(0, 2) for n in map(packets.index, kept)]
            kept = [p for _, p in sorted(zip(order, kept, strict=True), key=lambda pair: pair[0])]
            arrived += kept + stragglers
            stragglers = [p for p in kept if self.random.random() < 0.1]
        return arrived


PRESSED = st.lists(
    st.tuples(st.sampled_from(KEYS), st.integers(3, 30), st.integers(0, 4000)), min_size=1, max_size=REMEMBERED // 2
)


@settings(max_examples=100, deadline=None)
@given(PRESSED, st.integers(0, 0xFFFF_FFFF), st.randoms(use_true_random=False))
def test_right_stamps_stand_any_loss_doubling_and_disorder(pressed, begin, chance):
    sent = []
    for key, steps, pause in pressed:
        sent.append(RIGHT.press(key, begin, steps))
        begin += RIGHT.step * steps + REPEAT + pause
    assert keys(Network(chance, keeps_first=False).carry(sent)) == "".join(key for key, _, _ in pressed)


@settings(max_examples=100, deadline=None)
@given(PRESSED, st.integers(0, 0xFFFF_FFFF), st.randoms(use_true_random=False), st.sampled_from(ODD[:2]))
def test_wrong_stamps_stand_loss_doubling_and_disorder_when_the_first_packet_arrives(pressed, begin, chance, style):
    """Without it nobody can tell where a duration counts from."""
    sent = []
    for key, steps, pause in pressed:
        sent.append(style.press(key, begin, steps))
        begin += style.step * (steps + 2) + 800 + pause
    assert keys(Network(chance, keeps_first=True).carry(sent)) == "".join(key for key, _, _ in pressed)


@pytest.mark.parametrize(
    ("kind", "payload", "event"),
    [
        (96, EVENT.pack(11, 0x8A, 800), True),
        (127, EVENT.pack(0, 10, 160), True),
        (8, EVENT.pack(1, 10, 160), False),
        (13, EVENT.pack(1, 10, 160), False),
        (96, EVENT.pack(16, 10, 160), False),
        (96, EVENT.pack(1, 0x4A, 160), False),
        (96, EVENT.pack(1, 10, 160) + b"x", False),
        (96, b"", False),
    ],
)
def test_which_packets_of_other_payload_types_are_events(kind, payload, event):
    assert looks_like_event(kind, payload) is event
