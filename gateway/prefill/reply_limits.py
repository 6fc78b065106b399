"""Time limits of reply that a row of the taxonomy sets for demands of one type: ``complaint=24h consultation=90m``.

The city's plan limits the reply by the type of the demand (24 h, 48 h); those limits stand in the policy of cases. Here
stand only the exceptions: a row's, and by it those of all rows below it that say nothing themselves.
"""

from __future__ import annotations

import re
from datetime import timedelta

from gateway.domain.words import DemandType

LONGEST = timedelta(days=90)
_TYPES = tuple(kind.value for kind in DemandType)
_ONE = re.compile(r"([a-z_]+)=([1-9]\d{0,4})([mh])", re.ASCII)


def read_reply_limits(text: str) -> dict[str, timedelta]:
    """Limits by demand type, in minutes (``m``) or hours (``h``) by the clock on the wall.

    ``ValueError`` says what is wrong and how it is written.
    """
    limits: dict[str, timedelta] = {}
    for word in text.split():
        found = _ONE.fullmatch(word)
        if found is None or found[1] not in _TYPES:
            raise ValueError(f"{word!r} is no limit: write complaint=24h or help=90m; types are {', '.join(_TYPES)}")
        limit = timedelta(minutes=int(found[2])) if found[3] == "m" else timedelta(hours=int(found[2]))
        if limit > LONGEST:
            raise ValueError(f"{word!r} is longer than {LONGEST.days} days")
        if found[1] in limits:
            raise ValueError(f"{found[1]} has two limits")
        limits[found[1]] = limit
    return limits
