"""The command of what a city's own case system says of a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.case.case import Case
from gateway.domain.case.note import NoteKind
from gateway.domain.case.reported import CaseReport, Reported, take_report
from gateway.domain.command import Applied, Refs
from gateway.domain.keys import ExternalKey
from gateway.domain.world import World


@dataclass(slots=True, kw_only=True)
class TakeCaseReport:
    """One update; by any of ``keys`` it is known again."""

    at: datetime
    actor: str
    ticket_id: str
    report: CaseReport
    keys: tuple[ExternalKey, ...]
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and whether the update came before."""
        return Refs(tickets=(self.ticket_id,), seen=self.keys)

    def decide(self, world: World) -> Applied:
        """``replayed`` for what came before, ``skipped`` when it is no news; ``NotFound``, and as ``take_report``."""
        for key in self.keys:
            if (seen := world.replayed(key)) is not None:
                return seen
        report = self.report
        ticket = world.ticket(self.ticket_id, erased=report.text is None)
        case = Case(ticket, self.at, self.actor, world.case_rules)
        if not take_report(report, ticket, case, self.at, self.actor):
            return world.applied(ticket, skipped=True)
        kind = NoteKind.REPLY if report.status is Reported.REPLIED else NoteKind.TALK
        world.note(self, kind, report.note_id, report.text)
        world.see(self.keys, ticket, None)
        return world.applied(ticket)
