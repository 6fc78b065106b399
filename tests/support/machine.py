"""How fast this machine computes, so that bounds on CPU time mean the same everywhere."""

from __future__ import annotations

import time
from functools import cache

REFERENCE_S = 0.030
"""CPU time of ``_work`` on the machine that the bounds were written on."""
TRIES = 5


def _work() -> int:
    text = "我在秀英区长流镇那边的路灯坏了13800138000" * 20
    return sum(len(text.replace(text[n % 400], "")) for n in range(30_000))


@cache
def slowness() -> float:
    """1 on the reference machine or a faster one, more on a slower one."""
    best = REFERENCE_S
    for attempt in range(TRIES):
        began = time.thread_time()
        _work()
        took = time.thread_time() - began
        best = took if attempt == 0 else min(best, took)
    return max(1.0, best / REFERENCE_S)
