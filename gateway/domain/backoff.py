"""How long to wait before trying again."""

from __future__ import annotations

MAX_DOUBLINGS = 30
"""Beyond it every limit is reached; without it a long row of faults would overflow."""


def backoff_s(failures: int, *, first_s: float, most_s: float, jitter: float) -> float:
    """Seconds to wait after ``failures`` (>= 1) failed attempts: ``first_s``, doubled each time, at most ``most_s``.

    ``jitter`` in [0, 1) spreads the wait over its upper half, so that what failed together does not return together.
    """
    doubled = first_s * 2.0 ** min(failures - 1, MAX_DOUBLINGS)
    return min(doubled, most_s) * (0.5 + jitter / 2)
