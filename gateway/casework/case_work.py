"""The command of what is done with a case as a whole: reply, evaluate, archive, reopen, inform, confer and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from gateway.domain.case.case import Case
from gateway.domain.case.closing import Closing
from gateway.domain.case.note import NoteKind
from gateway.domain.case.reasons import ConferWay, WhyArchived, WhyInformed
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied, Refs
from gateway.domain.keys import ExternalKey
from gateway.domain.status import Status
from gateway.domain.words import Term
from gateway.domain.world import World
from gateway.errors import RejectedInput

Word = TypeVar("Word", bound=Term)


NEEDS_REASON = frozenset(
    {CaseVerb.ARCHIVE, CaseVerb.REOPEN, CaseVerb.INFORM, CaseVerb.DEFLECT, CaseVerb.SUPERVISE},
)
_DONE = {
    CaseVerb.ARCHIVE: Status.ARCHIVED,
    CaseVerb.INFORM: Status.INFORMED,
    CaseVerb.DEFLECT: Status.DEFLECTED,
}
"""Verbs that there is nothing to do about when the ticket is so already."""
_NOTES = {
    **dict.fromkeys((CaseVerb.REPLY, CaseVerb.INFORM, CaseVerb.DEFLECT), NoteKind.REPLY),
    CaseVerb.CONFER: NoteKind.TALK,
}
"""What the texts of verbs are; the requester is told those of the first three. Others are reasons."""
MOST_UNITS = 20
"""So many units are named at once: with whom one confers, or who acts beside another."""


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
    way: str | None = None
    """How units conferred (``ConferWay``)."""
    units: tuple[str, ...] = ()
    """Who conferred, by code."""
    key: ExternalKey | None = None
    """By which it is known again: a repeated request alters nothing."""
    reply_id: str | None = None
    """Of the reply that is judged; None: the one that was given last."""
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,), seen=(self.key,) if self.key is not None else ())

    def decide(self, world: World) -> Applied:
        """``skipped`` when it is so already; ``NotFound``, ``StaleVersion``, ``Conflict``, ``RejectedInput``."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        if (script := self._script(world)) is not None:
            return replace(self, text=script).decide(world)
        ticket = world.ticket(self.ticket_id, erased=self.text is None)
        if ticket.status is _DONE.get(self.verb):
            return world.applied(ticket, skipped=True)
        world.ticket(self.ticket_id, version=self.version, erased=self.text is None)
        if self.verb in NEEDS_REASON and not self.reason:
            raise RejectedInput(f"{self.verb} takes a reason")
        case = Case(ticket, self.at, self.actor, world.case_rules)
        closing = Closing(case, ticket, self.at, self.actor)
        if self.verb is CaseVerb.EVALUATE and closing.is_judged_so(
            self.satisfied or 0, self.channel, self.text, self.reply_id
        ):
            return world.applied(ticket, skipped=True)
        if self.verb is CaseVerb.ARCHIVE:
            closing.archive(_word(WhyArchived, self.reason, "reason"), world.zone)
        else:
            _DO[self.verb](self, closing)
        if self.verb is not CaseVerb.EVALUATE:
            world.note(self, _NOTES.get(self.verb, NoteKind.REASON), self.note_id, self.text)
        world.once(self.key, ticket)
        return world.applied(ticket)

    def _script(self, world: World) -> str | None:
        """What a requester is told who is informed, where nobody has written anything; None of who is erased."""
        if self.verb is not CaseVerb.INFORM or self.text is not None:
            return None
        ticket = world.ticket(self.ticket_id, erased=True)
        script = world.case_rules.policy.scripts.get(self.reason or "")
        if script is None or ticket.erased_at is not None:
            return None
        return script.spoken(ticket.form.requester.language)

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
        closing.inform(_word(WhyInformed, self.reason, "reason"), self.said_in, self.text)

    def confer(self, closing: Closing) -> None:
        """联动会商."""
        way, units = _word(ConferWay, self.way, "way"), tuple(dict.fromkeys(self.units))
        if not 0 < len(units) <= MOST_UNITS:
            raise RejectedInput(f"units names who conferred: 1 to {MOST_UNITS} units, by code")
        closing.confer(way, units, self.said_in)


def _word(kind: type[Word], code: str | None, key: str) -> Word:
    try:
        return kind(code or "")
    except ValueError:
        raise RejectedInput(f"{key} cannot be {code!r}; it can be: {', '.join(kind)}") from None


_DO: Mapping[CaseVerb, Callable[[WorkOnCase, Closing], None]] = {
    CaseVerb.REPLY: WorkOnCase.reply,
    CaseVerb.EVALUATE: WorkOnCase.evaluate,
    CaseVerb.REOPEN: lambda work, closing: closing.reopen(work.reason or "", work.said_in),
    CaseVerb.INFORM: WorkOnCase.inform,
    CaseVerb.DEFLECT: lambda work, closing: closing.deflect(work.reason or "", work.said_in, work.text),
    CaseVerb.SUPERVISE: lambda work, closing: closing.supervise(work.reason or "", work.said_in),
    CaseVerb.CONFER: WorkOnCase.confer,
}
