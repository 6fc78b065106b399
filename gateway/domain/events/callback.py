"""Events of calls that the city owes (docs/callbacks.md). ``changed`` tells state, due time and attempts."""

from __future__ import annotations

from gateway.domain.events.base import Event, event


@event("callback.requested", zh="要求回电", en="Call asked for")
class CallbackRequested(Event):
    """The caller asked for a person."""

    reason: str


@event("callback.opened", zh="转入待回拨", en="Callback opened")
class CallbackOpened(Event):
    """A call is owed about this ticket. ``joined``: by a task that was there already."""

    callback_id: str
    reason: str
    joined: bool


@event("callback.reason_added", zh="又一个回电原因", en="One more reason to call")
class CallbackReasonAdded(Event):
    """One more reason to call."""

    callback_id: str
    reason: str


@event("callback.number_changed", zh="回拨号码变更", en="Number to call changed")
class CallbackNumberChanged(Event):
    """The person is called elsewhere."""

    callback_id: str


@event("callback.claimed", zh="领取回拨", en="Callback taken")
class CallbackClaimed(Event):
    """Somebody calls them."""

    callback_id: str
    attempts: int


@event("callback.attempted", zh="回拨未接通", en="Not reached by telephone")
class CallbackAttempted(Event):
    """They were not reached; due again at ``due_at``."""

    callback_id: str
    attempts: int
    result: str
    due_at: str


@event("callback.done", zh="回拨结束", en="Callback ended")
class CallbackDone(Event):
    """No call is owed any more: they were reached, or will not be."""

    callback_id: str
    why: str
    attempts: int | None = None
    result: str | None = None


@event("callback.cancelled", zh="取消回拨", en="Callback cancelled")
class CallbackCancelled(Event):
    """No call is owed any more, and none was made."""

    callback_id: str
    why: str
    attempts: int | None = None
    result: str | None = None
