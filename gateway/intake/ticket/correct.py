"""The commands of people at the desk about what a ticket says: correct, confirm, lift secrecy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.case.stage import CATEGORY, is_classified, stage
from gateway.domain.command import Applied, Refs
from gateway.domain.erasing import stays
from gateway.domain.events import SecrecyLifted, TicketCorrected
from gateway.domain.filling import said_by
from gateway.domain.form import Filled, Mentioned
from gateway.domain.owed_calls import OwedCalls, touches_people
from gateway.domain.status import moved
from gateway.domain.task_status import is_gone
from gateway.domain.ticket import LEAD, SECRET, Alteration
from gateway.domain.world import World
from gateway.errors import AlreadyDispatched, NotFound


@dataclass(slots=True, kw_only=True)
class CorrectTicket:
    """A person sets or confirms fields, and words of a transcript. No guess touches the fields from then on."""

    at: datetime
    actor: str
    ticket_id: str
    version: int | None = None
    """The ticket must be at this version."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """By record path."""
    entries: Mapping[str, Filled] = field(default_factory=dict)
    """Evidence of the fields, by record path; ``confirmed_by`` says that a person has spoken."""
    mentions: tuple[Mentioned, ...] | None = None
    """What else the new wording of the content holds; None: as before."""
    interaction_id: str | None = None
    words: Mapping[int, str] = field(default_factory=dict)
    """Corrected pieces of the transcript of ``interaction_id``, by number."""
    told: tuple[str, ...]
    """What the event says was corrected."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and the transcript of the interaction that is corrected."""
        return Refs(
            tickets=(self.ticket_id,),
            interactions=(self.interaction_id,) if self.interaction_id is not None else (),
            corrects=bool(self.words),
            calls=touches_people(self.values),
        )

    def decide(self, world: World) -> Applied:
        """``StaleVersion`` when somebody was faster; ``NotFound`` for a piece of transcript that is not there.

        ``AlreadyDispatched`` for another unit in the place of one that has the ticket.
        """
        codes_alone = not self.words and not self.mentions and all(map(stays, self.values))
        ticket = world.ticket(self.ticket_id, version=self.version, erased=codes_alone)
        interaction = world.interaction(self.interaction_id, ticket) if self.interaction_id is not None else None
        for seq in self.words:
            if (self.interaction_id, seq) not in world.segments:
                raise NotFound(f"the transcript has no segment {seq}")
        if LEAD in self.values and not all(is_gone(one.status) for one in ticket.form.handling.units):
            raise AlreadyDispatched("units have this ticket: re-assign the task of the one that leads")
        calls = OwedCalls(world, ticket, self.at)
        alteration = Alteration(ticket)
        for path, value in self.values.items():
            alteration.set(path, value)
        fields = ticket.form.prefill.fields
        for path, value in self.values.items():
            if path not in self.entries and (entry := said_by(self.actor, path, value)) is not None:
                fields[path] = entry
        fields.update(self.entries)
        said = is_classified(alteration.value(CATEGORY), fields.get(CATEGORY))
        after = stage(ticket.status, ticket.form.handling.units, classified=said)
        alteration.set("status", moved(ticket.status, after))
        if self.mentions is not None:
            ticket.form.prefill.mentions = list(self.mentions)
        for seq, text in self.words.items():
            world.corrected_words.append((self.interaction_id or "", seq, text))
        ticket.record(TicketCorrected(at=self.at, actor=self.actor, fields=list(self.told)), alteration)
        calls.settle(interaction)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class LiftSecrecy:
    """A requester who was secret is no more."""

    at: datetime
    actor: str
    ticket_id: str
    reason: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and what its requester is owed."""
        return Refs(tickets=(self.ticket_id,), calls=True)

    def decide(self, world: World) -> Applied:
        """``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        calls = OwedCalls(world, ticket, self.at)
        alteration = Alteration(ticket)
        alteration.set(SECRET, value=False, lifts_secrecy=True)
        ticket.form.prefill.fields[SECRET] = Filled(False, "agent", None, 1.0, self.actor)
        ticket.record(SecrecyLifted(at=self.at, actor=self.actor, reason=self.reason), alteration)
        calls.settle()
        return world.applied(ticket)
