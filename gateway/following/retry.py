"""When what failed is tried again, and when no more."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.backoff import backoff_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A kind of work's patience. Durations in seconds."""

    first_s: float
    """The first repetition comes after about this long, each further one after about twice as long, …"""
    most_s: float
    """… at most this, …"""
    asked_most_s: float
    """… unless the other side asks for more: that is followed up to this."""
    max_age_s: float
    """What fails when it is older is given up."""
    max_attempts: int | None = None
    """So is what has failed so often; None: however often."""

    def pause_s(self, attempts: int, *, jitter: float, asked_s: float | None = None) -> float:
        """Seconds from the last of ``attempts`` (>= 1) failed ones to the next.

        ``jitter`` in [0, 1) is ``backoff_s``'s, ``asked_s`` what the other side asks for.
        """
        wait = backoff_s(attempts, first_s=self.first_s, most_s=self.most_s, jitter=jitter)
        return max(wait, min(asked_s or 0.0, self.asked_most_s))

    def in_s(self, attempts: int, *, age_s: float, jitter: float, asked_s: float | None = None) -> float | None:
        """The same, or None: what is ``age_s`` old by now is given up."""
        if age_s > self.max_age_s or (self.max_attempts is not None and attempts >= self.max_attempts):
            return None
        return self.pause_s(attempts, jitter=jitter, asked_s=asked_s)
