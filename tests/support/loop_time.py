"""How long one callback holds an event loop, as CPU time of the loop's thread, against a limit for this machine.

CPU time and not wall time: what other processes do to the machine must decide no test. The limit is ``LIMIT_S`` on the
machine where ``REFERENCE_S`` was measured, and grows with the time that the same fixed computation takes here.
"""

from __future__ import annotations

import asyncio
import gc
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

LIMIT_S = 0.050
"""The longest that a callback may hold the loop: two audio frames and a half."""
REFERENCE_S = 0.0085
"""What ``_computation`` costs on the reference machine (one core of an AMD EPYC, Python 3.11), undisturbed."""
_RUNS = 3
_SAMPLE_S = 0.005
_DEPTH = 6
_TEXT = "电话13800138000转8，龙华区国贸路10号。" * 400
_NUMBER = re.compile(r"[0-9]{3,}")


@dataclass(slots=True)
class Held:
    """What was seen while a loop was watched."""

    callbacks: int = 0
    worst_s: float = 0.0
    where: str = "no callback"
    """What the worst callback was seen doing, innermost first."""
    machine: float = 1.0
    """How much slower than the reference machine this one is; never below 1."""

    @property
    def limit_s(self) -> float:
        """The limit here."""
        return LIMIT_S * self.machine

    def check(self) -> None:
        """Fail when a callback held the loop for longer than it may."""
        assert self.callbacks, "nothing ran on the watched loop"
        assert self.worst_s <= self.limit_s, (
            f"one callback held the loop for {self.worst_s * 1000:.1f} ms of CPU, "
            f"{self.limit_s * 1000:.1f} ms are allowed here: {self.where}"
        )


class _Sampler(threading.Thread):
    """Looks now and then at what the watched thread does, so that a failure names the code."""

    def __init__(self, watched: int) -> None:
        super().__init__(daemon=True, name="loop-sampler")
        self._watched = watched
        self._over = threading.Event()
        self.seen: tuple[int, str] = (0, "")
        self.callback = 0

    def run(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            frame = sys._current_frames().get(self._watched)
            if frame is not None and self.seen[0] != self.callback:
                self.seen = (self.callback, _stack(frame))

    def stop(self) -> None:
        self._over.set()
        self.join()


def _stack(frame: FrameType | None) -> str:
    found: list[str] = []
    while frame is not None and len(found) < _DEPTH:
        code = frame.f_code
        found.append(f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(found)


@contextmanager
def watched_loop() -> Iterator[Held]:
    """Measure every callback of the loops of this thread while inside."""
    held = Held()
    original = asyncio.events.Handle._run
    clock, thread = time.thread_time, threading.get_ident()
    sampler = _Sampler(thread)

    def run(self: asyncio.Handle) -> None:
        if threading.get_ident() != thread:
            original(self)
            return
        held.callbacks += 1
        sampler.callback = held.callbacks
        began = clock()
        try:
            original(self)
        finally:
            took = clock() - began
            if took > held.worst_s:
                seen = sampler.seen[1] if sampler.seen[0] == held.callbacks else "too short to be seen"
                held.worst_s, held.where = took, seen

    before = machine_factor()
    gc.collect()
    gc.freeze()  # what a process holds for good is no part of any callback (see gateway/roles/collector.py)
    asyncio.events.Handle._run = run  # type: ignore[method-assign]  # the one place that all callbacks go through
    sampler.start()
    try:
        yield held
    finally:
        sampler.stop()
        asyncio.events.Handle._run = original  # type: ignore[method-assign]
        gc.unfreeze()
        held.machine = max(1.0, before, machine_factor())


def machine_factor() -> float:
    """The time of the fixed computation here, as a multiple of ``REFERENCE_S``."""
    return min(_cost() for _ in range(_RUNS)) / REFERENCE_S


def _cost() -> float:
    began = time.thread_time()
    _computation()
    return time.thread_time() - began


def _computation() -> int:
    """Something of what the gateway does: dictionaries, small objects, regular expressions."""
    total = 0
    for n in range(20):
        total += len(_NUMBER.sub("*", _TEXT))
        table = {f"{n}-{m}": [m] * 3 for m in range(1000)}
        total += sum(len(value) for value in table.values())
    return total
