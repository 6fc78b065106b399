"""The command of what is done with a case as a whole: reply, evaluate, archive, reopen, inform, deflect, supervise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing, WhyArchived, WhyInformed
from gateway.domain.case.note import Note, NoteKind
from gateway.domain.command import Applied, Refs
from gateway.domain.status import Status
from gateway.domain.words import Term
from gateway.domain.world import World
from gateway.errors import RejectedInput

Word = TypeVar("Word", bound=Term)


class CaseVerb(Term):
    """What is done with a case as a whole."""

    REPLY = "reply", "回复", "Reply"
    EVALUATE = "evaluate", "评价", "Evaluate"
    ARCHIVE = "archive", "归档", "Archive"
    REOPEN = "reopen", "重办", "Reopen"
    INFORM = "inform", "告知", "Inform"
    DEFLECT = "deflect", "引导", "Redirect"
    SUPERVISE = "supervise", "督办", "Supervise"


_NEEDS_REASON = frozenset(
    {CaseVerb.ARCHIVE, CaseVerb.REOPEN, CaseVerb.INFORM, CaseVerb.DEFLECT, CaseVerb.SUPERVISE},
)
_TELLS = frozenset({CaseVerb.REPLY, CaseVerb.INFORM, CaseVerb.DEFLECT})
"""Verbs whose text the requester is told."""
_DONE = {
    CaseVerb.ARCHIVE: Status.ARCHIVED,
    CaseVerb.INFORM: Status.INFORMED,
    CaseVerb.DEFLECT: Status.DEFLECTED,
}
"""Verbs that there is nothing to do about when the ticket is so already."""


@dataclass(slots=True, kw_only=True)
class WorkOnCase:
    """One verb on one ticket. Repeating it changes nothing, unless it says something else."""

    at: datetime
    actor: str
    ticket_id: str
    version: int | None = None
    verb: CaseVerb
    reason: str | None = None
    text: str | None = None
    note_id: str
    """Of the note that holds ``text``."""
    satisfied: int | None = None
    channel: str = "desk"
    """By which way a rating came, or a reply goes."""
    reply_id: str | None = None
    """Of the reply that is judged; None: the one that was given last."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is so already; ``NotFound``, ``StaleVersion``, ``Conflict``, ``RejectedInput``."""
        ticket = world.ticket(self.ticket_id, erased=self.text is None)
        if ticket.status is _DONE.get(self.verb):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version, erased=self.text is None)
        if self.verb in _NEEDS_REASON and not self.reason:
            raise RejectedInput(f"{self.verb} takes a reason")
        case = Case(ticket, self.at, self.actor, world.case_rules)
        closing = Closing(case, ticket, self.at, self.actor)
        if self.verb is CaseVerb.ARCHIVE:
            closing.archive(_word(WhyArchived, self.reason), world.zone)
        else:
            _DO[self.verb](self, closing)
        if self.text and self.verb is not CaseVerb.EVALUATE:
            note = Note(
                note_id=self.note_id,
                ticket_id=self.ticket_id,
                kind=NoteKind.REPLY if self.verb in _TELLS else NoteKind.REASON,
                author=self.actor,
                at=self.at,
                text=self.text,
            )
            world.new_notes.append(note)
        return world.applied(ticket)

    @property
    def said_in(self) -> str | None:
        """The note that holds what was said, if anything was."""
        return self.note_id if self.text else None

    def reply(self, closing: Closing) -> None:
        """回复."""
        if not self.text:
            raise RejectedInput("a reply takes a text")
        closing.reply(self.note_id, self.text, self.channel)

    def evaluate(self, closing: Closing) -> None:
        """评价."""
        if self.satisfied is None:
            raise RejectedInput("an evaluation takes satisfied, 1 to 5")
        closing.evaluate(self.satisfied, self.channel, self.text, self.reply_id)

    def inform(self, closing: Closing) -> None:
        """告知."""
        closing.inform(_word(WhyInformed, self.reason), self.said_in, self.text)


def _word(kind: type[Word], code: str | None) -> Word:
    try:
        return kind(code or "")
    except ValueError:
        raise RejectedInput(f"reason cannot be {code!r}; it can be: {', '.join(kind)}") from None


_DO: Mapping[CaseVerb, Callable[[WorkOnCase, Closing], None]] = {
    CaseVerb.REPLY: WorkOnCase.reply,
    CaseVerb.EVALUATE: WorkOnCase.evaluate,
    CaseVerb.REOPEN: lambda work, closing: closing.reopen(work.reason or "", work.said_in),
    CaseVerb.INFORM: WorkOnCase.inform,
    CaseVerb.DEFLECT: lambda work, closing: closing.deflect(work.reason or "", work.said_in, work.text),
    CaseVerb.SUPERVISE: lambda work, closing: closing.supervise(work.reason or "", work.said_in),
}
