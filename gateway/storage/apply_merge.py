"""并单: two tickets about one matter become one, or two again. Both change in the same transaction.

The ticket that is merged keeps its requester, interactions, number and open callback; only its status and
``related.merged_into`` change. The one that stays lists it, and whatever had been merged into it, in
``related.merged_ids``. Nothing is ever merged into a merged ticket, so there are no cycles.
"""

from __future__ import annotations

from gateway.domain.change import Merge
from gateway.domain.status import CLOSED, Status
from gateway.errors import Conflict, NotFound
from gateway.storage.batch_state import State, TicketState
from gateway.storage.prepare import Row
from gateway.storage.shape import get_in, set_in

_INTO, _IDS = ("related", "merged_into"), ("related", "merged_ids")
_BEFORE = "status_before_merge"


def is_merged(merge: Merge, ticket: TicketState) -> bool:
    """Whether ``ticket`` is as ``merge`` wants it already."""
    into: str | None = get_in(ticket.doc, _INTO)
    return into == (None if merge.undo else merge.other)


def check_merge(merge: Merge, ticket: TicketState, state: State) -> None:
    """``Conflict`` or ``NotFound`` when it cannot be done."""
    head = state.tickets.get(merge.other)
    if head is None:
        raise NotFound(f"there is no ticket {merge.other}")
    into = get_in(ticket.doc, _INTO)
    above = get_in(head.doc, _INTO)
    if merge.undo:
        if into != merge.other:
            raise Conflict(f"the ticket is merged into {into}")
        if above is not None:
            raise Conflict(f"the ticket that it is merged into is merged into {above}; unmerge that one first")
        return
    if head is ticket:
        raise Conflict("a ticket cannot be merged into itself")
    if into is not None:
        raise Conflict(f"the ticket is merged into {into} already; unmerge it first")
    if above is not None:
        raise Conflict(f"that ticket is merged itself; merge into {above}")
    for one, which in ((ticket, "the ticket"), (head, "that ticket")):
        if one.row["status"] in CLOSED:
            raise Conflict(f"{which} is closed ({one.row['status']})")


def merge_tickets(merge: Merge, ticket: TicketState, state: State, event: Row) -> None:
    """Do what ``check_merge`` let pass; ``event`` is the merged ticket's, its head gets one like it."""
    head, ticket_id = state.tickets[merge.other], ticket.row["ticket_id"]
    family = [ticket_id, *(get_in(ticket.doc, _IDS) or ())]
    others = [one for one in get_in(head.doc, _IDS) or () if one not in family]
    if merge.undo:
        set_in(ticket.doc, _INTO, None)
        ticket.row["status"] = ticket.doc.pop(_BEFORE, Status.REGISTERED.value)
        set_in(head.doc, _IDS, others)
    else:
        set_in(ticket.doc, _INTO, merge.other)
        ticket.doc[_BEFORE] = ticket.row["status"]
        ticket.row["status"] = Status.MERGED.value
        set_in(head.doc, _IDS, [*others, *family])
    state.tell(head, event | {"data": {"merged": ticket_id}})
