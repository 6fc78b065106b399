"""Commands of what a unit tells and shows about its task beside its verbs: notes to the others, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.attachments import NewAttachment
from gateway.domain.case.case import Case
from gateway.domain.case.note import NoteKind
from gateway.domain.case.picture import MOST_OF_A_TASK, Shows, is_full
from gateway.domain.command import Applied, Refs
from gateway.domain.keys import ExternalKey
from gateway.domain.world import World
from gateway.errors import Conflict


@dataclass(slots=True, kw_only=True)
class NoteOnTask:
    """会商: a unit writes to the centre and the other units of the ticket."""

    at: datetime
    actor: str
    ticket_id: str
    task_id: str
    note_id: str
    text: str
    key: ExternalKey | None = None
    """By which it is known again: a repeated request writes nothing."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and whether the request came before."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,) if self.key is not None else ())

    def decide(self, world: World) -> Applied:
        """``replayed`` for what came before; ``NotFound``, ``Conflict``, ``AlreadyErased``."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        case = Case(ticket, self.at, self.actor, world.case_rules)
        task = case.task(self.task_id)
        case.note(task, self.note_id)
        world.note(self, NoteKind.TALK, self.note_id, self.text, self.task_id, unit=task.unit)
        world.once(self.key, ticket)
        return world.applied(ticket)


@dataclass(slots=True, kw_only=True)
class PictureForTask:
    """A unit shows the place; ``attachment`` is on the disk already, with an id of ``picture_id``.

    The same picture once more changes nothing.
    """

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
        shown = [one.attachment_id for one in ticket.form.attachments]
        if self.attachment.attachment_id in shown:
            return world.applied(ticket, skipped=True)
        if is_full(shown, self.task_id):
            raise Conflict(f"a task has at most {MOST_OF_A_TASK} pictures")
        case.picture(task, self.attachment.attachment_id, self.shows)
        world.attach((self.attachment,), ticket)
        return world.applied(ticket)
