"""Commands of what a unit tells and shows about its task beside its verbs: notes to the others, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.attachments import NewAttachment
from gateway.domain.case.case import Case
from gateway.domain.case.note import NoteKind
from gateway.domain.case.picture import Shows
from gateway.domain.command import Applied, Refs
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class NoteOnTask:
    """会商: a unit writes to the centre and the other units of the ticket."""

    at: datetime
    actor: str
    ticket_id: str
    task_id: str
    note_id: str
    text: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``NotFound``, ``Conflict``, ``AlreadyErased``."""
        ticket = world.ticket(self.ticket_id)
        case = Case(ticket, self.at, self.actor, world.case_rules)
        case.note(case.task(self.task_id), self.note_id)
        world.note(self, NoteKind.TALK, self.note_id, self.text, self.task_id)
        return world.applied(ticket)


@dataclass(slots=True, kw_only=True)
class PictureForTask:
    """A unit shows the place; ``attachment`` is on the disk already. The same picture once more changes nothing."""

    at: datetime
    actor: str
    ticket_id: str
    task_id: str
    attachment: NewAttachment
    shows: Shows
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when the ticket has it; ``NotFound``, ``Conflict``, ``AlreadyErased``."""
        ticket = world.ticket(self.ticket_id)
        case = Case(ticket, self.at, self.actor, world.case_rules)
        task = case.task(self.task_id)
        if any(one.attachment_id == self.attachment.attachment_id for one in ticket.form.attachments):
            return world.applied(ticket, skipped=True)
        case.picture(task, self.attachment.attachment_id, self.shows)
        world.attach((self.attachment,), ticket)
        return world.applied(ticket)
