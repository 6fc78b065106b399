"""The commands of 派单: units get a ticket by a decision that can be read, or the centre has to decide."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.case.case import Case, Offer
from gateway.domain.case.note import NoteKind
from gateway.domain.command import Applied, Refs
from gateway.domain.events import CaseDispatched
from gateway.domain.form import Handling, Routing
from gateway.domain.keys import ExternalKey
from gateway.domain.status import NOT_BEGUN
from gateway.domain.task_status import Role, is_gone
from gateway.domain.ticket import Ticket
from gateway.domain.words import Crossing
from gateway.domain.world import World
from gateway.errors import Conflict, RejectedInput


@dataclass(slots=True, kw_only=True)
class DispatchTicket:
    """``offers`` have the ticket from now on: exactly one of them leads, or none where a unit leads already."""

    at: datetime
    actor: str
    ticket_id: str
    version: int | None = None
    offers: tuple[Offer, ...]
    stage: str
    rule: str | None = None
    steps: tuple[Routing, ...] = ()
    """Of the decision, in order."""
    directory: str
    table: str | None = None
    policy: str
    note_id: str | None = None
    """Of the note that holds ``text``, why the centre chose these units."""
    text: str | None = None
    crossing: Crossing | None = None
    """As the centre states it, and from then on; None: it says nothing of it."""
    only_new: bool = False
    """Nothing happens to a ticket that anybody has dispatched or left undecided before."""
    beside: bool = False
    """They help where a unit leads already."""
    key: ExternalKey | None = None
    """By which it is known again: a repeated request alters nothing."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,) if self.key is not None else ())

    def decide(self, world: World) -> Applied:
        """``skipped`` when these units have it; ``NotFound``, ``StaleVersion``, ``Conflict``, ``RejectedInput``."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        if not self.offers:
            raise RejectedInput("a dispatch names a unit")
        roles, offers = _roles(ticket.form.handling), self.offers
        if self.beside and Role.LEAD in roles.values():
            offers = tuple(replace(offer, role=Role.JOINT) for offer in offers)
        if (self.only_new and _begun(ticket)) or all(
            roles.get(offer.unit) in {Role.LEAD, offer.role} for offer in offers
        ):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version)
        decided = CaseDispatched(
            at=self.at,
            actor=self.actor,
            stage=self.stage,
            rule=self.rule,
            trace=[],
            directory=self.directory,
            table=self.table,
            policy=self.policy,
        )
        Case(ticket, self.at, self.actor, world.case_rules).dispatch(decided, offers, self.steps, self.crossing)
        world.note(self, NoteKind.REASON, self.note_id, self.text)
        world.once(self.key, ticket)
        return world.applied(ticket)


@dataclass(slots=True, kw_only=True)
class LeaveUndecided:
    """No unit follows from the rules: the ticket waits in the centre's queue."""

    at: datetime
    actor: str
    ticket_id: str
    version: int | None = None
    reason: str
    steps: tuple[Routing, ...]
    candidates: tuple[str, ...]
    crossing: Crossing | None = None
    """As in ``DispatchTicket``."""
    only_new: bool = False
    """As in ``DispatchTicket``."""
    key: ExternalKey | None = None
    """By which it is known again: a repeated request alters nothing."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,) if self.key is not None else ())

    def decide(self, world: World) -> Applied:
        """``skipped`` when it waits there already; ``NotFound``, ``StaleVersion``, ``Conflict``."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        handling = ticket.form.handling
        if handling.undecided_since is not None and self.crossing not in {None, handling.crossing}:
            raise Conflict("no unit follows from that either, and the centre is to decide already: name the unit")
        if handling.undecided_since is not None or (self.only_new and _begun(ticket)):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version)
        if busy := _roles(handling):
            raise Conflict(f"{', '.join(sorted(busy))} has this ticket; name the unit that is to have it as well")
        case = Case(ticket, self.at, self.actor, world.case_rules)
        case.undecided(self.reason, self.steps, self.candidates, self.crossing)
        world.once(self.key, ticket)
        return world.applied(ticket)


def _roles(handling: Handling) -> dict[str, str]:
    """Of the units that have it."""
    return {one.unit or "": one.role for one in handling.units if not is_gone(one.status)}


def _begun(ticket: Ticket) -> bool:
    handling = ticket.form.handling
    asked = handling.undecided_since is not None or handling.units
    return bool(asked) or ticket.status not in NOT_BEGUN or ticket.empty
