"""The statuses of a ticket in the closed loop 接诉-分类-派单-反馈-评价: names, what may follow what, open or closed.

This is the only place that spells them: everybody else names a member of ``Status`` or a set below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.domain.words import Term
from gateway.errors import Conflict


class Status(Term):
    """Where a ticket stands, in the order in which a ticket goes through them; ways out of the loop come last."""

    REGISTERED = "registered", "已登记", "Registered"
    CLASSIFIED = "classified", "已分类", "Classified"
    """Its kind of matter is known; while it is undecided who must act it stays here (``handling.undecided_since``)."""
    DISPATCHED = "dispatched", "已派单", "Dispatched"
    SIGNED = "signed", "已签收", "Signed"
    """The first unit has taken its task."""
    HANDLING = "handling", "办理中", "In work"
    """Also once more after a ticket was reopened."""
    REPLIED = "replied", "已答复", "Replied"
    EVALUATED = "evaluated", "已评价", "Evaluated"
    ARCHIVED = "archived", "已归档", "Archived"
    MERGED = "merged", "已并单", "Merged"
    """It goes on in another ticket; un-merging gives back the status that it had."""
    DEFLECTED = "deflected", "已引导", "Redirected"
    """Not this hotline's matter; the requester was told whose it is."""
    INFORMED = "informed", "已告知", "Informed"
    """Answered on the spot: nobody had to act."""
    WITHDRAWN = "withdrawn", "已撤销", "Withdrawn"
    """Its requester took it back."""


CLOSED: Final = frozenset(
    {Status.ARCHIVED, Status.MERGED, Status.DEFLECTED, Status.INFORMED, Status.WITHDRAWN},
)
"""Nothing more is done about these, unless they are reopened or un-merged."""
OPEN: Final = frozenset(Status) - CLOSED
NOT_BEGUN: Final = frozenset({Status.REGISTERED, Status.CLASSIFIED})
"""No unit has it yet: its requester can still take it back by a word."""
ANSWERED: Final = frozenset({Status.REPLIED, Status.EVALUATED})
"""Open, but the requester has their answer."""
REPLY_STANDS: Final = ANSWERED | {Status.ARCHIVED, Status.INFORMED, Status.DEFLECTED}
"""While a ticket is so, its newest reply is what there is to tell."""
UNANSWERED: Final = OPEN - ANSWERED

_OUT: Final = frozenset({Status.MERGED, Status.DEFLECTED, Status.INFORMED, Status.WITHDRAWN})
_NEXT: Final[Mapping[Status, frozenset[Status]]] = {
    Status.REGISTERED: _OUT | {Status.CLASSIFIED, Status.DISPATCHED},
    Status.CLASSIFIED: _OUT | {Status.DISPATCHED},
    # A unit that returns its task (退单) sends the ticket back, to be dispatched or classified anew.
    Status.DISPATCHED: _OUT | {Status.SIGNED, Status.HANDLING, Status.CLASSIFIED},
    Status.SIGNED: _OUT | {Status.HANDLING, Status.REPLIED, Status.DISPATCHED, Status.CLASSIFIED},
    Status.HANDLING: _OUT | {Status.REPLIED, Status.SIGNED, Status.DISPATCHED, Status.CLASSIFIED},
    # Who is not content with the answer has their ticket reopened: it is in work once more.
    Status.REPLIED: frozenset({Status.EVALUATED, Status.ARCHIVED, Status.HANDLING, Status.MERGED}),
    Status.EVALUATED: frozenset({Status.ARCHIVED, Status.HANDLING, Status.MERGED}),
    Status.ARCHIVED: frozenset({Status.HANDLING}),
    Status.INFORMED: frozenset({Status.HANDLING}),
    Status.MERGED: OPEN,
    Status.DEFLECTED: frozenset(),
    Status.WITHDRAWN: frozenset(),
}

WITHDRAWABLE: Final = tuple(one for one in Status if Status.WITHDRAWN in _NEXT[one])
"""What a requester can take back: the open ones that are not answered yet."""


def may_follow(before: Status, after: Status) -> bool:
    """Whether a ticket that is ``before`` may become ``after``; staying what it is is no change and always allowed.

    Un-merging may give back any open status: that it is the one from before is for the ticket to see to.
    """
    return after is before or after in _NEXT[before]


def moved(before: Status, after: Status) -> Status:
    """``after``, when it may follow ``before``; else ``Conflict`` that names what may."""
    if may_follow(before, after):
        return after
    allowed = ", ".join(one for one in Status if one in _NEXT[before]) or "nothing any more"
    raise Conflict(f"a ticket that is {before} cannot become {after}; it can become: {allowed}")
