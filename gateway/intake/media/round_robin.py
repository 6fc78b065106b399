"""Whose file is worked on next: everybody in turn, whoever sent how many."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from gateway.ports.conversation_store import WaitingVoice

REMEMBERED = 10_000
"""People whose last turn is known; whoever is forgotten counts as never served, which only costs fairness."""


class RoundRobin:
    """A person has one turn at a time."""

    def __init__(self) -> None:
        """Nobody has been served yet."""
        self._served: OrderedDict[str, None] = OrderedDict()
        self._busy: set[str] = set()

    def begin(self, waiting: Sequence[WaitingVoice]) -> WaitingVoice | None:
        """The next one of ``waiting`` (the oldest of each person): whose person was served longest ago, or never."""
        order = {person: place for place, person in enumerate(self._served, start=1)}
        free = [one for one in waiting if one.requester_id not in self._busy]
        chosen = min(free, key=lambda one: (order.get(one.requester_id, 0), one.attachment_id), default=None)
        if chosen is not None:
            self._busy.add(chosen.requester_id)
            self._served[chosen.requester_id] = None
            self._served.move_to_end(chosen.requester_id)
            if len(self._served) > REMEMBERED:
                self._served.popitem(last=False)
        return chosen

    def end(self, one: WaitingVoice) -> None:
        """The turn is over, however it ended."""
        self._busy.discard(one.requester_id)
