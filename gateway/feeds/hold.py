"""Tells a receiver that takes nothing, which *holds* its feed, from an event that is never taken, a dead letter.

A held feed sends nothing but a probe now and then: a waiting event, another one each time. The first that is taken (or
refused for its own sake) releases the feed. While a feed is held no attempt counts, so a receiver that is away for a
week costs nobody's event.
"""

from __future__ import annotations

from gateway.domain.backoff import backoff_s
from gateway.errors import FeedRefused

FIRST_PROBE_S = 1.0
MAX_PROBE_S = 60.0
DOWN_AFTER = 5
"""So many tickets in a row whose attempts failed, and none that was taken: it is the receiver."""
MAX_BLAME = 5
"""An event that has held the feed so often, while others were taken in between, is at fault itself."""


def probe_in_s(failed: int, jitter: float) -> float:
    """Until the next probe after ``failed`` (from 0) of them; ``jitter`` is ``backoff_s``'s."""
    return backoff_s(failed + 1, first_s=FIRST_PROBE_S, most_s=MAX_PROBE_S, jitter=jitter)


class Blame:
    """The failures that one worker has seen of its receiver."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._failing: set[str] = set()
        self._answers = 0
        self._held_by: dict[int, tuple[int, int]] = {}
        """By event_seq: how often, and after how many answers the last time."""

    def failed(self, ticket_id: str, error: str) -> FeedRefused | None:
        """An attempt failed, and may succeed later: the refusal that it amounts to together with the others."""
        self._failing.add(ticket_id)
        return FeedRefused(error, cause="down") if len(self._failing) >= DOWN_AFTER else None

    def answered(self) -> None:
        """The receiver has taken an event, or judged one."""
        self._failing.clear()
        self._answers += 1

    def held_by(self, event_seq: int) -> bool:
        """This event has made the feed held; whether that is its own fault. Not where a person released too early."""
        times, answers = self._held_by.get(event_seq, (0, -1))
        if self._answers > answers:
            times += 1
        self._held_by[event_seq] = (times, self._answers)
        return times >= MAX_BLAME

    def forget(self, event_seq: int) -> None:
        """It is done with."""
        self._held_by.pop(event_seq, None)
