"""What people write about a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.words import Term

MOST_CHARS = 5000


class NoteKind(Term):
    """What a note is."""

    REASON = "reason", "理由", "Reason"
    REPLY = "reply", "答复", "Reply"
    TALK = "talk", "会商记录", "Talk"
    EVIDENCE = "evidence", "佐证", "Evidence"


class Writes(Protocol):
    """A command with which somebody may write."""

    ticket_id: str
    actor: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Note:
    """One note; ``task_id``: of one unit's task. ``author``: as events name who acts.

    ``unit``: whose people wrote it; None: the centre, or a case system.
    """

    note_id: str
    ticket_id: str
    task_id: str | None = None
    kind: NoteKind
    author: str
    at: datetime
    text: str
    unit: str | None = None
