"""How long this machine keeps a program waiting that wants to do something every 20 ms, as a voice process does.

``python -m tests.load.stalls SECONDS`` prints the longest wait in milliseconds. Run beside a measurement it tells
whether somebody else's load would have made a gap all the same.
"""

from __future__ import annotations

import sys
import time

STEP_S = 0.02


def longest_stall_ms(seconds: float) -> float:
    """The longest time between two wake-ups that should be ``STEP_S`` apart."""
    now = begin = time.monotonic()
    longest, due = 0.0, now
    while now - begin < seconds:
        due += STEP_S
        time.sleep(max(0.0, due - time.monotonic()))
        before, now = now, time.monotonic()
        longest = max(longest, now - before)
        due = max(due, now - STEP_S)
    return longest * 1000


if __name__ == "__main__":
    print(round(longest_stall_ms(float(sys.argv[1])), 1))
