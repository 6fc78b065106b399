"""When to try again, and when to stop trying."""

from __future__ import annotations

from gateway.feeds.common import DAY_S, FeedSettings

MAX_DOUBLINGS = 30


def retry_in_s(
    settings: FeedSettings,
    *,
    attempts: int,
    age_s: float,
    retry_after_s: float | None,
    jitter: float,
) -> float | None:
    """Seconds until the next attempt after ``attempts`` failed ones; None = dead letter.

    ``jitter`` in [0, 1) spreads the wait over its upper half, so that tickets that failed together do not return
    together. A receiver's own wish is kept up to a day, also where it is longer than ``max_retry_s``.
    """
    if attempts >= settings.max_attempts or age_s > settings.max_age_s:
        return None
    doubled: float = settings.first_retry_s * 2.0 ** min(attempts - 1, MAX_DOUBLINGS)
    wait = min(doubled, settings.max_retry_s) * (0.5 + jitter / 2)
    return max(wait, min(retry_after_s or 0.0, DAY_S))
