"""Messages of text channels, their thread, and what becomes of those that we send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TICKET_NO = "\ufffcticket_no\ufffc"
"""Stands for the ticket's number in a queued message: the writer draws it in the same transaction."""
HEARD_KEPT = 3
"""Messages that opened a window are remembered, one of each kind of window, so many kinds at most."""
_RANK = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}
_NEVER = -1


@dataclass(slots=True, kw_only=True)
class Queued:
    """Where and how an outbound message is sent."""

    channel_id: str
    recipient: str
    quick_replies: tuple[tuple[str, str], ...] = ()
    not_before: datetime | None = None
    """It waits for this hour; None: it goes at once."""
    taken: bool = False
    """Nothing has to be sent: the person's clients fetch it, so that it is sent when it is committed."""


@dataclass(slots=True, kw_only=True)
class NewMessage:
    """A message of a text channel."""

    message_id: str
    direction: str
    sent_at: datetime
    kind: str = "text"
    text: str | None = None
    attachment_id: str | None = None
    external_id: str | None = None
    queue: Queued | None = None
    """Outbound: to be sent from the outbox; its delivery is ``queued`` until then."""


@dataclass(slots=True, kw_only=True)
class ThreadStep:
    """Whose messages a command writes, and what their channel needs to answer the newest one."""

    channel_id: str
    sender: str
    heard_at: datetime | None = None
    """Set by a message of the person: when it arrived."""
    window: tuple[int, float] | None = None
    """(messages, seconds) that the provider lets us answer it, where that differs from the channel's own window."""
    context: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """(channel_id, sender)."""
        return self.channel_id, self.sender


@dataclass(slots=True)
class Heard:
    """A message that opened a window in which the provider lets us answer. ``at`` is RFC 3339."""

    at: str
    window: list[float] | None = None


@dataclass(slots=True, kw_only=True)
class Thread:
    """Everything one person and we wrote on one channel instance, across interactions: numbered without gaps."""

    channel_id: str
    sender: str
    last_seq: int = 0
    heard_at: datetime | None = None
    ticket_id: str = ""
    interaction_id: str = ""
    """The newest one's."""
    heard: list[Heard] = field(default_factory=list)
    context: Mapping[str, Any] | None = None

    def take(self, step: ThreadStep, ticket_id: str, interaction_id: str, heard_at: str | None) -> None:
        """A further message of the person, or of ours; ``heard_at`` is ``step.heard_at`` in RFC 3339."""
        self.ticket_id, self.interaction_id = ticket_id, interaction_id
        if step.heard_at is not None and heard_at is not None:
            self.heard_at = step.heard_at
            window = list(step.window) if step.window else None
            others = [one for one in self.heard if one.window != window]
            self.heard = [*others, Heard(heard_at, window)][-HEARD_KEPT:]
        if step.context is not None:
            self.context = step.context

    def number(self) -> int:
        """The next message's number."""
        self.last_seq += 1
        return self.last_seq


@dataclass(slots=True, kw_only=True)
class DeliveryUpdate:
    """What became of a queued message. A state never goes back: queued, sent, delivered, read; or failed."""

    message_id: str
    state: str
    at: datetime
    external_id: str | None = None
    error: str | None = None


def is_news(before: str | None, after: str) -> bool:
    """Whether a message whose delivery stands at ``before`` can come to ``after``."""
    if before is None:
        return False
    if after == "failed":
        return before in {"queued", "sent"}
    return _RANK.get(after, _NEVER) > _RANK.get(before, len(_RANK))
