"""Limits the streams of a recogniser: when all places are taken, a live call ends the newest catch-up stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False, frozen=True, slots=True)
class Slot:
    """A stream's place."""

    live: bool
    make_way: Callable[[], object]
    """Called when a live call takes the place."""


class Slots:
    """The places of a recogniser; a live call is refused only when live calls hold all of them."""

    def __init__(self, limit: int) -> None:
        """``limit`` streams at once."""
        self._limit = limit
        self._taken: list[Slot] = []

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, *, live: bool, make_way: Callable[[], object]) -> Slot | None:
        """A place until ``release``; None when there is none for such a stream."""
        if len(self._taken) >= self._limit:
            newest = next((slot for slot in reversed(self._taken) if not slot.live), None)
            if newest is None or not live:
                return None
            self.release(newest)
            newest.make_way()
        slot = Slot(live, make_way)
        self._taken.append(slot)
        return slot

    def release(self, slot: Slot) -> None:
        """Give the place back; it may be another's already."""
        if slot in self._taken:
            self._taken.remove(slot)
