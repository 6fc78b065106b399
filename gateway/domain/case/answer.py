"""回复: the requester is told what was done, whoever words it: the centre, the unit that leads, a case system."""

from __future__ import annotations

from datetime import datetime

from gateway.domain.case.policy import ClockKind
from gateway.domain.case.replies import Replies
from gateway.domain.case.ticket_clocks import TicketClocks
from gateway.domain.events import CaseReplied
from gateway.domain.ids import rfc3339
from gateway.domain.status import Status
from gateway.domain.ticket import Alteration, Ticket


def answer(
    ticket: Ticket,
    clocks: TicketClocks,
    *,
    at: datetime,
    actor: str,
    note_id: str,
    text: str,
    by: str,
    since: datetime | None = None,
) -> None:
    """``ticket`` is answered with ``text``, which stands in the note ``note_id``; no unit has anything left to do.

    It is open and unanswered so far, whether anybody had begun with it or not: whoever asks for this has seen to that.
    ``by``: whose words they are; ``since``: when it was answered elsewhere (None: ``at``). It may be judged from then.
    """
    told = Alteration(ticket)
    told.set("status", Status.REPLIED)
    told.set("handling.undecided_since", None)
    told.set("outcome.replied_at", rfc3339(since or at))
    told.set("outcome.public_reply", text)
    ticket.record(CaseReplied(at=at, actor=actor, note_id=note_id, by=by), told)
    clocks.meet(clocks.running(ClockKind.RESPOND, ClockKind.ANSWER))
    clocks.stop(clocks.running())
    clocks.start(ClockKind.VISIT)
    Replies(ticket, at, actor).due(note_id)
