"""Which source of RTP has a call: the rules over any sequence of packets, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sip.rtp_source import CONSECUTIVE, SILENT_S, UNHEARD_S, RtpSource, Signaller

pytestmark = pytest.mark.unit

CALLER = "192.0.2.10"
TRUNKS = ("192.0.2.20", "192.0.2.21")
STRANGER = "198.51.100.66"
AGREED = (CALLER, 4000)

sources = st.tuples(st.sampled_from([CALLER, *TRUNKS, STRANGER]), st.sampled_from([4000, 4002, 4004]))
packets = st.lists(st.tuples(sources, st.integers(0, 400)), max_size=120)
"""Source, and how many milliseconds after the packet before."""
runs = st.lists(st.tuples(sources, st.integers(1, 30), st.integers(1, 300)), max_size=12).map(
    lambda parts: [(source, gap if n == 0 else 20) for source, count, gap in parts for n in range(count)]
)
signallers = st.sampled_from([Signaller(CALLER), Signaller(TRUNKS[0], TRUNKS), Signaller(STRANGER)])
named = st.sampled_from([CALLER, TRUNKS[1], "10.0.0.7", ""])


def begun(signaller: Signaller = Signaller(CALLER), host: str = CALLER, port: int = 4000) -> RtpSource:  # noqa: B008 - frozen
    source = RtpSource(signaller)
    source.agree(host, port)
    source.begin(0.0)
    return source


def speak(source: RtpSource, who: tuple[str, int], packets: int, since: float, every: float = 0.02) -> list[bool]:
    return [source.takes(who, since + n * every) for n in range(packets)]


@given(signallers, named, packets | runs)
def test_the_rules_hold_for_any_sequence(signaller, host, sequence):
    source = begun(signaller, host)
    agreed = (source.host_for(host), 4000)
    may_send = {signaller.host, agreed[0], *signaller.trunks}
    now, last_taken, row, before = 0.0, 0.0, 0, None
    for who, gap_ms in sequence:
        now += gap_ms / 1000
        had = source.current
        if who[0] in may_send:  # what is refused outright interrupts nobody
            row, before = (row + 1 if who == before else 1), who
        taken = source.takes(who, now)
        assert taken == (source.current == who)
        assert source.target[0] in may_send
        if who[0] not in may_send:
            assert not taken
        elif who in (agreed, had):
            assert taken
        elif taken and had is None:
            assert host != agreed[0] or now >= UNHEARD_S or (row >= CONSECUTIVE and now >= SILENT_S)
        elif taken:
            assert now - last_taken >= SILENT_S
            assert row >= CONSECUTIVE
        if taken:
            last_taken = now


@given(packets | runs)
def test_outside_the_trunks_nothing_leaves_for_anybody_but_the_signaller(sequence):
    for host in (CALLER, STRANGER, "", "10.0.0.7"):
        source, now = begun(Signaller(CALLER), host), 0.0
        for who, gap_ms in sequence:
            now += gap_ms / 1000
            source.takes(who, now)
            assert source.target[0] == CALLER


@given(st.integers(1, 200), st.integers(1, 60))
def test_a_flood_never_gets_a_call_whose_caller_speaks(per_frame, frames):
    source = begun(Signaller(TRUNKS[0], TRUNKS))
    for n in range(frames):
        assert source.takes(AGREED, n * 0.02)
        for k in range(per_frame):
            assert not source.takes((TRUNKS[1], 4000), n * 0.02 + 0.0001 * k)


def test_a_moved_caller_is_followed_after_its_old_place_fell_silent():
    source = begun()
    assert all(speak(source, AGREED, 10, 0.0))
    moved = (CALLER, 61_000)
    heard = speak(source, moved, 20, 0.2)
    assert heard == [False] * 9 + [True] * 11
    assert source.target == moved
    assert source.takes(AGREED, 0.7)
    assert source.target == AGREED


def test_packets_of_a_burst_are_not_silence():
    source = begun()
    assert source.takes(AGREED, 1.0)
    assert not any(speak(source, (CALLER, 61_000), 100, 1.0, every=0.001))


def test_two_rivals_do_not_add_up():
    source = begun()
    assert source.takes(AGREED, 0.0)
    for n in range(40):
        assert not source.takes((CALLER, 5000 + n % 2), 1.0 + n * 0.02)


def test_nobody_at_the_agreed_address_within_a_second_and_one_packet_is_enough():
    source = begun()
    assert not source.takes((CALLER, 61_000), 0.1)
    assert source.takes((CALLER, 61_000), 1.1)


def test_behind_nat_the_first_packet_is_enough():
    for host in ("10.0.0.7", ""):
        source = begun(host=host)
        assert source.target == AGREED
        assert not source.takes((STRANGER, 4000), 0.0)
        assert source.takes((CALLER, 61_000), 0.0)
        assert source.target == (CALLER, 61_000)


def test_a_new_sdp_moves_our_audio_at_once_and_the_caller_when_it_speaks():
    source = begun()
    source.takes(AGREED, 0.0)
    source.agree(CALLER, 4100)
    assert source.target == (CALLER, 4100)
    assert source.takes(AGREED, 0.02)  # still under way
    assert source.target == (CALLER, 4100)
    assert source.takes((CALLER, 4100), 0.04)
    assert not source.takes(AGREED, 0.06)


def test_a_new_sdp_of_a_phone_behind_nat_moves_nothing():
    source = begun(host="10.0.0.7")
    source.takes((CALLER, 61_000), 0.0)
    source.agree("10.0.0.7", 4100)
    assert source.target == (CALLER, 61_000)


def test_the_same_sdp_again_changes_nothing():
    source = begun()
    speak(source, (CALLER, 61_000), 12, 0.2)
    source.agree(CALLER, 4000)
    assert source.target == (CALLER, 61_000)


def test_reports_count_from_the_hosts_of_the_call_only():
    source = begun(Signaller(TRUNKS[0], TRUNKS))
    assert source.vouched(CALLER)
    assert not source.vouched(STRANGER)
    assert RtpSource(Signaller(CALLER)).target is None
