"""How many wrong passwords are too many: counted before they are checked, forgiven with time, locked ever longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_LOCK_S = 60
LONGEST_LOCK_S = 900


def latest_lock(now: datetime) -> datetime:
    """When a lock ends at the latest that is set now."""
    return now + timedelta(seconds=LONGEST_LOCK_S)


@dataclass(frozen=True, slots=True)
class Rule:
    """``limit`` failures lock; one is forgiven every ``forgive_s`` seconds."""

    limit: int
    forgive_s: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures of one bucket. ``since`` is up to when time has forgiven; locked before ``locked_until``."""

    failed: int
    since: datetime
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Whether no attempt may be made now. A lock that ends later than any can is a wrong clock's, and none."""
        return self.locked_until is not None and now < self.locked_until <= latest_lock(now)

    def one_more(self, rule: Rule, now: datetime) -> Attempts:
        """With one attempt reserved: it counts as failed until it is known to be right.

        The ``limit``-th locks for a minute, each further one for twice as long, 15 minutes at most.
        """
        began = min(self.since, now)
        forgiven = min(self.failed, int((now - began).total_seconds() // rule.forgive_s))
        failed = self.failed - forgiven + 1
        since = began + timedelta(seconds=forgiven * rule.forgive_s) if failed > 1 else now
        beyond = failed - rule.limit
        if beyond < 0:
            return Attempts(failed, since)
        lock_s = min(LONGEST_LOCK_S, FIRST_LOCK_S * 2 ** min(beyond, 10))
        return Attempts(failed, since, now + timedelta(seconds=lock_s))

    def one_less(self, rule: Rule) -> Attempts:
        """With an attempt given back that was right after all."""
        failed = max(0, self.failed - 1)
        return Attempts(failed, self.since, self.locked_until if failed >= rule.limit else None)
