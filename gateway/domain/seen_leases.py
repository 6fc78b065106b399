"""When a lease has run out, without comparing clocks.

The clocks of two machines may be hours apart, and so may those of one machine before and after somebody puts it right.
So a lease is no time but whatever its owner writes anew with each renewal. Who waits for it to run out looks again and
again: its owner is gone when the watcher itself has seen it stand unrenewed for as long as a lease lasts, by a clock
that never jumps. What one process has seen is worth nothing to another: who has just started waits a whole lease.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

K = TypeVar("K")


class SeenLeases(Generic[K]):
    """The leases that one process waits for."""

    def __init__(self) -> None:
        """None is known yet."""
        self._seen: dict[K, tuple[object, float]] = {}

    def run_out(self, leases: Mapping[K, object], *, at: float, lease_s: float) -> list[K]:
        """Those of ``leases`` that have not changed for ``lease_s`` seconds; ``at`` is the monotonic time now.

        ``leases`` are all that stand now: one that is missing is forgotten, and begins anew should it come back.
        """
        before = self._seen
        self._seen = {}
        for key, lease in leases.items():
            seen = before.get(key)
            self._seen[key] = seen if seen is not None and seen[0] == lease else (lease, at)
        return [key for key, (_, since) in self._seen.items() if at - since >= lease_s]
