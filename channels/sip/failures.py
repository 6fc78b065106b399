"""Limits on wrong passwords by source, and by source and name."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gateway.ports.clock import Clock

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many failures at once; one is forgiven after each ``forgiven_s`` seconds."""

    failures: int
    forgiven_s: float


OF_A_SOURCE = Allowance(30, 10.0)
"""An office behind one address has many telephones."""
OF_A_NAME = Allowance(5, 60.0)
"""At one name from one source: whoever guesses elsewhere locks nobody out here."""


class Failures:
    """Wrong passwords by source, and by source and name.

    A try is counted before it is checked, so that many at once get no more than one after the other; a right one is
    given back.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        """How many, and when that was."""

    def __len__(self) -> int:
        return len(self._counts)

    def reserve(self, source: str, name: str) -> bool:
        """Count a try; False when it must not be made."""
        keys = ((source,), OF_A_SOURCE), ((source, name), OF_A_NAME)
        standing = [(key, self._standing(key, allowance), allowance) for key, allowance in keys]
        if any(count + 1 > allowance.failures for _, count, allowance in standing):
            return False
        for key, count, _ in standing:
            self._put(key, count + 1)
        return True

    def give_back(self, source: str, name: str) -> None:
        """It was no failure."""
        for key, allowance in ((source,), OF_A_SOURCE), ((source, name), OF_A_NAME):
            self._put(key, max(0.0, self._standing(key, allowance) - 1))

    def _standing(self, key: tuple[str, ...], allowance: Allowance) -> float:
        count, at = self._counts.get(key, (0.0, 0.0))
        return max(0.0, count - (self._clock.monotonic() - at) / allowance.forgiven_s)

    def _put(self, key: tuple[str, ...], count: float) -> None:
        self._counts.pop(key, None)
        if count:
            self._counts[key] = count, self._clock.monotonic()
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
