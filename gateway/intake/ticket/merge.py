"""The commands of 并单: one matter from now on, or two after all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain import merging
from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.command import Applied, Refs
from gateway.domain.events import TicketMerged, TicketUnmerged
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class MergeTicket:
    """The ticket goes into ``head``, or, with ``undo``, becomes one of its own again. Repeating changes nothing."""

    at: datetime
    actor: str
    ticket_id: str
    head: str
    version: int
    undo: bool = False
    trace: str | None = None

    def refs(self) -> Refs:
        """Both tickets."""
        return Refs(tickets=(self.ticket_id, self.head))

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is so already; ``StaleVersion``, ``Conflict`` (``merging``), ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        if ticket.form.related.merged_into == (None if self.undo else self.head):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version, erased=True)
        head = world.ticket(self.head, erased=True)
        closing, other = (
            Closing(Case(one, self.at, self.actor, world.case_rules), one, self.at, self.actor)
            for one in (ticket, head)
        )
        if self.undo:
            merging.unmerge(ticket, head, TicketUnmerged(at=self.at, actor=self.actor, from_=self.head))
            closing.unmerged(other)
        else:
            merging.merge(ticket, head, TicketMerged(at=self.at, actor=self.actor, into=self.head))
            closing.merged(other)
        return world.applied(ticket)
