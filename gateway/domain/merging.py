"""并单: two tickets about one matter become one, or two again. Both change together.

The ticket that is merged keeps its requester, interactions, number and open callback; only its status and
``related.merged_into`` change. Of the one that stays nothing is altered, however many go into it: its record counts
them. Nothing is ever merged into a merged ticket, so there are no cycles.
"""

from __future__ import annotations

from gateway.domain.case.closing import is_rated
from gateway.domain.case.stage import CATEGORY, is_classified, stage
from gateway.domain.events import TicketMerged, TicketUnmerged
from gateway.domain.status import CLOSED, Status, moved
from gateway.domain.ticket import Alteration, Ticket
from gateway.errors import AlreadyErased, Conflict


def merge(ticket: Ticket, head: Ticket, event: TicketMerged) -> None:
    """``ticket`` goes into ``head``, which gets an event like ``event``; ``Conflict`` when it cannot."""
    into, above = ticket.form.related.merged_into, head.form.related.merged_into
    if head is ticket:
        raise Conflict("a ticket cannot be merged into itself")
    if into is not None:
        raise Conflict(f"the ticket is merged into {into} already; unmerge it first")
    if above is not None:
        raise Conflict(f"that ticket is merged itself; merge into {above}")
    if head.status in CLOSED:
        raise Conflict(f"that ticket is closed ({head.status})")
    if head.erased_at is not None:
        raise AlreadyErased("that ticket has been erased: nobody acts on it any more")
    gone = Alteration(ticket)
    gone.set("status", moved(ticket.status, Status.MERGED))
    ticket.form.status_before_merge = ticket.status.value
    gone.set("handling.undecided_since", None)
    gone.set("related.merged_into", head.ticket_id)
    ticket.record(event, gone)
    head.record(TicketMerged(at=event.at, actor=event.actor, merged=ticket.ticket_id))


def unmerge(ticket: Ticket, head: Ticket, event: TicketUnmerged) -> None:
    """``ticket`` is one of its own again; ``Conflict`` when it cannot be (``Ticket.record``, too).

    Its status is the one that it had, as far as what happened since leaves it: units that had it have lost it, its
    requester may have judged the reply, and a person may have said what kind of matter it is.
    """
    into, above = ticket.form.related.merged_into, head.form.related.merged_into
    if into != head.ticket_id:
        raise Conflict(f"the ticket is merged into {into}")
    if above is not None:
        raise Conflict(f"the ticket that it is merged into is merged into {above}; unmerge that one first")
    back = Alteration(ticket)
    before = Status(ticket.form.status_before_merge or Status.REGISTERED)
    if before is Status.REPLIED and is_rated(ticket):
        before = Status.EVALUATED
    form = ticket.form
    classified = is_classified(form.demand.category.code, form.prefill.fields.get(CATEGORY))
    back.set("status", moved(ticket.status, stage(before, form.handling.units, classified=classified)))
    back.set("related.merged_into", None)
    ticket.record(event, back)
    ticket.form.status_before_merge = None
    head.record(TicketUnmerged(at=event.at, actor=event.actor, merged=ticket.ticket_id))
