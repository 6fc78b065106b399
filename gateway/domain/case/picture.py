"""What people who act show of a place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from gateway.domain.words import Term

MOST_OF_A_TASK = 20
"""Pictures of one task."""
_DIGITS = 32


class Shows(Term):
    """What a picture shows."""

    BEFORE = "before", "处理前", "Before"
    AFTER = "after", "处理后", "After"
    EVIDENCE = "evidence", "佐证", "Evidence"


def picture_id(task_id: str, shows: Shows, sha256: str) -> str:
    """The attachment_id of a task's picture: of the same one, shown as the same, always the same."""
    return f"{task_id}.{hashlib.sha256(f'{shows} {sha256}'.encode()).hexdigest()[:_DIGITS]}"


def is_of_task(attachment_id: str, task_id: str) -> bool:
    """Whether a ticket's file is a picture of this task of it."""
    return attachment_id.startswith(f"{task_id}.")


def is_full(attachment_ids: Iterable[str], task_id: str) -> bool:
    """Whether a task of a ticket with these files takes no further picture."""
    return sum(is_of_task(one, task_id) for one in attachment_ids) >= MOST_OF_A_TASK
