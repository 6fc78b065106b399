"""Whatever strangers and providers send, its reader answers or refuses: no other exception, no stall, no leak.

``make soak`` reads fresh inputs for minutes a reader; a finding prints its seed and the input.
"""

from __future__ import annotations

import gc
import secrets
import time
import tracemalloc

import pytest

from tests.fuzz.mutate import Mutator
from tests.fuzz.targets import TARGETS, Target
from tests.support.machine import slowness

pytestmark = pytest.mark.unit

INPUTS = 1500
SEED = 20_261_129
SOAK_S = 600.0
STALL_S = 0.05
"""CPU time that one input may cost on the machine that ``slowness`` calls 1."""
LEAK_BYTES = 512 * 1024
BURST = 500


def feed(target: Target, data: bytes, seed: int) -> float:
    """Read one input; the CPU time it took."""
    began = time.thread_time()
    try:
        target.feed(data)
    except target.refusals:
        pass
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        pytest.fail(f"seed {seed}: {type(error).__name__}: {error} for {data[:2000]!r} ({len(data)} bytes)")
    return time.thread_time() - began


def at_once(target: Target, data: bytes, seed: int, limit_s: float) -> None:
    """An input that seemed to take too long is tried again: a collection of garbage is not its fault."""
    cost = feed(target, data, seed)
    if target.on_loop and cost > limit_s:
        cost = min(feed(target, data, seed) for _ in range(3))
        assert cost <= limit_s, f"seed {seed}: {cost * 1000:.0f} ms of CPU for {data[:500]!r} ({len(data)} bytes)"


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_is_read_or_refused_at_once(name: str) -> None:
    target = TARGETS[name]
    for data in target.good:
        target.feed(data)
    row, limit_s = Mutator(target.good, SEED), STALL_S * slowness()
    for _ in range(INPUTS // target.share):
        at_once(target, row.next(), SEED, limit_s)


@pytest.mark.parametrize("value", ['"' + '\\"' * 15_000, '"' * 30_001, "<" * 30_000, "; " * 15_000, ";;" * 15_000])
@pytest.mark.parametrize("header", ["From", "Contact", "P-Asserted-Identity", "History-Info", "Via"])
def test_a_long_header_of_sip_costs_what_its_length_costs(header: str, value: str) -> None:
    """Of strings that never end each begins at every quote; read again from each, 30 KB took eight seconds."""
    good = TARGETS["sip"].good[0]
    data = good.replace(b"Via:", f"{header}: {value}\r\nVia:".encode(), 1)
    at_once(TARGETS["sip"], data, SEED, STALL_S * slowness())


@pytest.mark.parametrize(
    "body", [b"\r\n" * 30_000, b" " * 60_000, b"signal=\r\n" * 6_000, b"signal=1" + b"\n" * 60_000]
)
def test_a_long_key_of_sip_costs_what_its_length_costs(body: bytes) -> None:
    head, _, _ = next(good for good in TARGETS["sip"].good if good.startswith(b"INFO")).partition(b"Content-Length")
    at_once(TARGETS["sip"], head + b"\r\n" + body, SEED, STALL_S * slowness())


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_read_stays_behind(name: str) -> None:
    target = TARGETS[name]

    def burst(seed: int) -> None:
        row = Mutator(target.good, seed)
        for _ in range(BURST // target.share):
            feed(target, row.next(), seed)
        gc.collect()

    burst(1)  # caches of the libraries fill
    burst(2)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        burst(3)
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert left < LEAK_BYTES, f"{left} bytes left"


@pytest.mark.soak
@pytest.mark.parametrize("name", TARGETS)
def test_fresh_inputs_for_minutes(name: str) -> None:
    target, until, limit_s = TARGETS[name], time.monotonic() + SOAK_S, STALL_S * slowness()
    while time.monotonic() < until:
        seed = secrets.randbits(48)
        row = Mutator(target.good, seed)
        for _ in range(INPUTS // target.share):
            at_once(target, row.next(), seed, limit_s)
