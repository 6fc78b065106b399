"""What people who act show of a place."""

from __future__ import annotations

from gateway.domain.words import Term

MOST_OF_A_TASK = 20
"""Pictures of one task."""


class Shows(Term):
    """What a picture shows."""

    BEFORE = "before", "处理前", "Before"
    AFTER = "after", "处理后", "After"
    EVIDENCE = "evidence", "佐证", "Evidence"
