"""The states of a unit's task (承办任务): names, and which verb leads from which to which.

This table is the only place that holds them; ``docs/case.md`` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.domain.words import Term
from gateway.errors import Conflict


class Role(Term):
    """What a unit is for a ticket."""

    LEAD = "lead", "主办", "Lead"
    JOINT = "joint", "协办", "Joint"


class TaskStatus(Term):
    """Where a unit's task stands."""

    OFFERED = "offered", "待签收", "To be signed"
    SIGNED = "signed", "已签收", "Signed"
    WORKING = "working", "办理中", "In work"
    EXTENDED = "extended", "已延期", "Extended"
    PAUSED = "paused", "已暂停", "Paused"
    RETURNING = "returning", "退单待审", "Return under review"
    RETURNED = "returned", "已退单", "Returned"
    UPHELD = "upheld", "维持派单", "Dispatch upheld"
    REPLIED = "replied", "已答复", "Replied"
    ACCEPTED = "accepted", "已审核", "Accepted"
    SENT_BACK = "sent_back", "退回重办", "Sent back"
    CANCELLED = "cancelled", "已撤派", "Taken away"


class TaskVerb(Term):
    """What a unit or the centre does with a task."""

    SIGN = "sign", "签收", "Sign"
    RETURN = "return", "退单", "Return"
    UPHOLD = "uphold", "维持派单", "Uphold"
    REASSIGN = "reassign", "改派", "Re-assign"
    EXTEND = "extend", "延期", "Extend"
    PAUSE = "pause", "暂停", "Pause"
    RESUME = "resume", "恢复", "Resume"
    ARRIVE = "arrive", "到场", "Arrive"
    RESPOND = "respond", "响应", "Respond"
    REPLY = "reply", "答复", "Reply"
    ACCEPT = "accept", "审核通过", "Accept"
    SEND_BACK = "send_back", "退回重办", "Send back"


UNIT_VERBS: Final = frozenset(
    {
        TaskVerb.SIGN,
        TaskVerb.RETURN,
        TaskVerb.EXTEND,
        TaskVerb.PAUSE,
        TaskVerb.RESUME,
        TaskVerb.ARRIVE,
        TaskVerb.RESPOND,
        TaskVerb.REPLY,
    }
)
"""What a unit does with its own task; the centre alone does the others."""
_S, _V = TaskStatus, TaskVerb
_AT_WORK: Final = {
    _V.RESPOND: _S.WORKING,
    _V.ARRIVE: _S.WORKING,
    _V.EXTEND: _S.EXTENDED,
    _V.PAUSE: _S.PAUSED,
    _V.RETURN: _S.RETURNING,
    _V.REPLY: _S.REPLIED,
    _V.REASSIGN: _S.CANCELLED,
}
NEXT: Final[Mapping[TaskStatus, Mapping[TaskVerb, TaskStatus]]] = {
    # Who answers or arrives has taken the task: nobody signs first while water runs out. More time is for who has.
    _S.OFFERED: {_V.SIGN: _S.SIGNED}
    | {verb: after for verb, after in _AT_WORK.items() if verb not in {_V.PAUSE, _V.EXTEND}},
    _S.SIGNED: _AT_WORK,
    _S.WORKING: _AT_WORK,
    _S.EXTENDED: _AT_WORK,
    _S.PAUSED: {_V.RESUME: _S.WORKING, _V.REPLY: _S.REPLIED, _V.REASSIGN: _S.CANCELLED},
    # Until the centre has decided, what is urgent is still this unit's to answer.
    _S.RETURNING: {
        _V.RESPOND: _S.RETURNING,
        _V.ARRIVE: _S.RETURNING,
        _V.ACCEPT: _S.RETURNED,
        _V.UPHOLD: _S.UPHELD,
        _V.REASSIGN: _S.RETURNED,
    },
    _S.UPHELD: {_V.SIGN: _S.SIGNED} | _AT_WORK,
    _S.REPLIED: {_V.ACCEPT: _S.ACCEPTED, _V.SEND_BACK: _S.SENT_BACK},
    _S.ACCEPTED: {_V.SEND_BACK: _S.SENT_BACK},
    _S.SENT_BACK: _AT_WORK,
    _S.RETURNED: {},
    _S.CANCELLED: {},
}
GONE: Final = frozenset({_S.RETURNED, _S.CANCELLED})
"""The unit has nothing to do with the ticket any more."""
BEGUN: Final = frozenset({_S.WORKING, _S.EXTENDED, _S.PAUSED, _S.REPLIED, _S.ACCEPTED, _S.SENT_BACK})
"""The unit has done more than sign."""
WITH_UNIT: Final = frozenset({_S.OFFERED, _S.SIGNED, _S.WORKING, _S.EXTENDED, _S.PAUSED, _S.UPHELD, _S.SENT_BACK})
"""The unit is to act next."""
RUNNING: Final = frozenset(_S) - GONE - {_S.ACCEPTED}
"""Something is still to be done about the task, by the unit or the centre."""


def is_gone(status: str) -> bool:
    """Whether the unit of a task that stands so has nothing to do with the ticket any more."""
    return TaskStatus(status) in GONE


def owes_reply(task: Mapping[str, Any]) -> bool:
    """Whether the unit of a task, as documents hold it, is still to reply."""
    return not task.get("replied_at") and not is_gone(task["status"])


def after(before: TaskStatus, verb: TaskVerb) -> TaskStatus:
    """The state that ``verb`` leads to; ``Conflict`` names what can be done instead."""
    found = NEXT[before].get(verb)
    if found is None:
        allowed = ", ".join(NEXT[before]) or "nothing any more"
        raise Conflict(f"{verb} is not possible for a task that is {before}; possible: {allowed}")
    return found
