"""Events of tickets in which nothing has been said (``include_empty = false``): held first, then skipped.

A call's ticket starts out empty and is filled by the first words. So while it may still be filled (a call goes on, a
transcript is due) its events are *held*: the earliest one comes back later, and the others wait behind it. Once the
ticket is settled, or has been held for a day, they are *skipped*: done without a post. Should a person fill such a
ticket later on, then the event that tells of it is preceded by the ticket's ``ticket.registered``, posted again if
need be (its id is the same, so a receiver that has it knows): a receiver meets every ticket by its registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.domain.events import (
    CallbackNumberChanged,
    CallbackOpened,
    CallbackReasonAdded,
    CallbackRequested,
    DemandTaken,
    InteractionAnswered,
    InteractionEnded,
    InteractionStarted,
    LineChosen,
    SegmentHeard,
    TicketRegistered,
    TranscriptCompleted,
)
from gateway.feeds.common import DAY_S

REGISTERED = TicketRegistered.TYPE
IN_CALL = frozenset(
    {
        REGISTERED,
        InteractionStarted.TYPE,
        InteractionAnswered.TYPE,
        LineChosen.TYPE,
        InteractionEnded.TYPE,
        SegmentHeard.TYPE,
        DemandTaken.TYPE,
        CallbackRequested.TYPE,
        CallbackOpened.TYPE,
        CallbackReasonAdded.TYPE,
        CallbackNumberChanged.TYPE,
    },
)
"""Events of a ticket's first interaction: whatever was held goes out in order, so its registration is ahead of them."""
MIN_HOLD_S = 3.0
MAX_HOLD_S = 300.0
HOLD_SHARE = 0.25
"""A ticket is looked at again after this share of its age: first words are sent promptly, old ones cost little."""


def hold_s(record: Mapping[str, Any], age_s: float) -> float | None:
    """Seconds to hold an empty ticket's event, or None when the ticket is settled: skip it."""
    settled = not record["prefill"]["pending"] and all(i["disposition"] for i in record["interactions"])
    if settled or age_s > DAY_S:
        return None
    return min(max(age_s * HOLD_SHARE, MIN_HOLD_S), MAX_HOLD_S)


def may_follow_skipped(event_type: str, data: Mapping[str, Any]) -> bool:
    """Whether the receiver may never have heard of this event's ticket."""
    if event_type == TranscriptCompleted.TYPE:
        return bool(data.get("caught_up"))
    return event_type not in IN_CALL
