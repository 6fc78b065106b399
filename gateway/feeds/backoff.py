"""Retry policy of feeds: when the next attempt is due, and when a delivery becomes a dead letter."""

from __future__ import annotations

from gateway.domain.backoff import backoff_s
from gateway.feeds.common import DAY_S, FeedSettings


def retry_in_s(
    settings: FeedSettings,
    *,
    attempts: int,
    age_s: float,
    retry_after_s: float | None,
    jitter: float,
) -> float | None:
    """Seconds until the next attempt after ``attempts`` failed ones; None = dead letter.

    ``jitter`` in [0, 1) is ``backoff_s``'s. A receiver's own wish is kept up to a day, also where it is longer than
    ``max_retry_s``.
    """
    if attempts >= settings.max_attempts or age_s > settings.max_age_s:
        return None
    wait = backoff_s(attempts, first_s=settings.first_retry_s, most_s=settings.max_retry_s, jitter=jitter)
    return max(wait, min(retry_after_s or 0.0, DAY_S))
