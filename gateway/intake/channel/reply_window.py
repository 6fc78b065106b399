"""Whether a provider still lets us answer a person. Written once, for every channel that has a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from gateway.ports.message import ReplyWindow

Heard = tuple[datetime, tuple[int, float] | None]
"""When the person wrote, and (messages, seconds) where that message's window is not the channel's own."""


def may_send(heard: Sequence[Heard], sent: Sequence[datetime], window: ReplyWindow | None, now: datetime) -> bool:
    """Whether one more message may go out at ``now``; ``sent`` is when we wrote to this person before.

    Every message of the person opens a window of its own; a message of ours counts against all that were open when
    it went, so a provider's limit is never overrun. No window at all: always.
    """
    if window is None:
        return True
    for at, own in heard:
        messages, within_s = own or (window.messages, window.within_s)
        if at <= now < at + timedelta(seconds=within_s) and sum(when >= at for when in sent) < messages:
            return True
    return False
