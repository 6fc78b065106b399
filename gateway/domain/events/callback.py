"""Events of calls that the city owes (docs/callbacks.md). ``changed`` tells state, due time and attempts."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("callback.requested")
class CallbackRequested(Event):
    """The caller asked for a person."""

    reason: str


@event("callback.opened")
class CallbackOpened(Event):
    """A call is owed about this ticket. ``joined``: by a task that was there already."""

    callback_id: str
    reason: str
    joined: bool


@event("callback.reason_added")
class CallbackReasonAdded(Event):
    """One more reason to call."""

    callback_id: str
    reason: str


@event("callback.number_changed")
class CallbackNumberChanged(Event):
    """The person is called elsewhere."""

    callback_id: str


@event("callback.claimed")
class CallbackClaimed(Event):
    """Somebody calls them."""

    callback_id: str
    attempts: int


@event("callback.attempted")
class CallbackAttempted(Event):
    """They were not reached; due again at ``due_at``."""

    callback_id: str
    attempts: int
    result: str
    due_at: str


@event("callback.done")
class CallbackDone(Event):
    """No call is owed any more: they were reached, or will not be."""

    callback_id: str
    why: str
    attempts: int | None = None
    result: str | None = None


@event("callback.cancelled")
class CallbackCancelled(Event):
    """No call is owed any more, and none was made."""

    callback_id: str
    why: str
    attempts: int | None = None
    result: str | None = None
