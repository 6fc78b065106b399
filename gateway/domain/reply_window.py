"""Whether a provider still lets us answer a person. Written once, for every channel that has a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWindow:
    """How long and how often a provider lets us answer a person's message."""

    messages: int
    within_s: float


Heard = tuple[datetime, tuple[int, float] | None]
"""When the person wrote, and (messages, seconds) where that message's window is not the channel's own."""
ALWAYS = datetime.max.replace(tzinfo=UTC)
"""Until when one may write where there is no window."""


def open_until(heard: Sequence[Heard], sent: Sequence[datetime], window: ReplyWindow | None) -> datetime:
    """Up to when one more message may go out; ``sent`` is when we wrote to this person before. The past: none may.

    Every message of the person opens a window of its own; a message of ours counts against all that were open when
    it went, so a provider's limit is never overrun. No window at all: ``ALWAYS``.
    """
    if window is None:
        return ALWAYS
    last = datetime.min.replace(tzinfo=UTC)
    for at, own in heard:
        messages, within_s = own or (window.messages, window.within_s)
        if sum(when >= at for when in sent) < messages:
            last = max(last, at + timedelta(seconds=within_s))
    return last


def may_send(heard: Sequence[Heard], sent: Sequence[datetime], window: ReplyWindow | None, now: datetime) -> bool:
    """Whether one more message may go out at ``now``, when the person has written before it."""
    return now < open_until([one for one in heard if one[0] <= now], sent, window)
