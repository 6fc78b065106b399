"""Commands of what follows a reply without anybody's doing. Each looks for itself whether it is still so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.callback import NewCallback
from gateway.domain.case.case import Case
from gateway.domain.case.closing import CONTENT, Closing
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.reasons import WhyArchived
from gateway.domain.case.replies import Replies, newest
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.form import Handling
from gateway.domain.ids import rfc3339
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.status import Status
from gateway.domain.ticket import Ticket
from gateway.domain.world import World
from gateway.errors import Conflict


@dataclass(slots=True, kw_only=True)
class OweVisit:
    """回访: nobody has judged the reply, so somebody calls and asks. Once for each reply."""

    at: datetime
    ticket_id: str
    interaction_id: str
    callback: NewCallback
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, its interaction, and what its requester is owed."""
        return Refs(tickets=(self.ticket_id,), interactions=(self.interaction_id,), calls=True, owes=True)

    def decide(self, world: World) -> Applied:
        """``skipped`` when it was judged meanwhile, or somebody asks already. Nobody asks who cannot be called."""
        ticket = world.ticket(self.ticket_id, erased=True)
        reply = newest(ticket.form.handling)
        clocks = Case(ticket, self.at, SYSTEM, world.case_rules).clocks
        waiting = list(clocks.running(ClockKind.VISIT))
        if reply is None or reply.visit_id is not None or not waiting:
            return world.applied(ticket, skipped=True)
        calls = OwedCalls(world, ticket, self.at)
        if ticket.erased_at is not None or not calls.callable:
            Replies(ticket, self.at, SYSTEM).uncallable(reply)
            clocks.stop(waiting)
            return world.applied(ticket)
        interaction = world.interaction(self.interaction_id, ticket)
        calls.settle(interaction, callback=self.callback)
        Replies(ticket, self.at, SYSTEM).visit(reply, ticket.form.callback_id)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class OfferJudgement:
    """The requester of a ticket that went into this one has judged its reply.

    The centre decides about who is dissatisfied; about who thinks again it need not.
    """

    at: datetime
    ticket_id: str
    of: str
    satisfied: int
    reply_id: str | None
    """Of the reply that was judged."""
    judged_at: datetime
    trace: str | None = None

    def refs(self) -> Refs:
        """Both tickets."""
        return Refs(tickets=(self.ticket_id, self.of))

    def decide(self, world: World) -> Applied:
        """``skipped`` when the centre knows, or has decided since; or another reply, ticket or judgement counts."""
        ticket, other = world.ticket(self.ticket_id, erased=True), world.ticket(self.of, erased=True)
        before = ticket.event_seq
        if other.form.related.merged_into is not None and self._stands(ticket.form.handling) and self._is_last(other):
            closing = Closing(Case(ticket, self.at, SYSTEM, world.case_rules), ticket, self.at, SYSTEM)
            if self.satisfied < CONTENT:
                closing.dissatisfied(self.satisfied, self.of)
            else:
                closing.content(self.of)
        return world.applied(ticket, skipped=ticket.event_seq == before)

    def _stands(self, handling: Handling) -> bool:
        """Whether that reply is the newest, and the centre has not decided since it was judged."""
        reply, judged = newest(handling), rfc3339(self.judged_at)
        decided = any(one.kind == ClockKind.JUDGE and (one.met_at or "") >= judged for one in handling.clocks)
        return not decided and (reply is None or reply.reply_id == self.reply_id)

    def _is_last(self, other: Ticket) -> bool:
        """Whether its requester has not thought again since."""
        judged = [one for one in other.form.outcome.evaluations if one.reply_id == self.reply_id]
        return [(one.at, one.satisfied) for one in judged[-1:]] == [(rfc3339(self.judged_at), self.satisfied)]


@dataclass(slots=True, kw_only=True)
class ArchiveAlone:
    """归档 of what needs nobody to look at it, where the city's policy has it so."""

    at: datetime
    ticket_id: str
    why: WhyArchived
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when it cannot be, or is; people put away what anybody is dissatisfied with."""
        ticket = world.ticket(self.ticket_id, erased=True)
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
        badly = self.why is WhyArchived.EVALUATED and (ticket.form.outcome.evaluation.satisfied or 0) < CONTENT
        judging = badly or any(case.clocks.running(ClockKind.JUDGE))
        if not world.case_rules.policy.archive_alone or ticket.status is Status.ARCHIVED or judging:
            return world.applied(ticket, skipped=True)
        try:
            Closing(case, ticket, self.at, SYSTEM).archive(self.why, world.zone)
        except Conflict:
            return world.applied(ticket, skipped=True)
        return world.applied(ticket)


@dataclass(slots=True, kw_only=True)
class DropCalls:
    """What was to be told or asked by telephone has been, or is outdated."""

    at: datetime
    ticket_id: str
    reasons: tuple[str, ...]
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket, and what its requester is owed."""
        return Refs(tickets=(self.ticket_id,), calls=True)

    def decide(self, world: World) -> Applied:
        """``skipped`` when nobody was to call."""
        ticket = world.ticket(self.ticket_id, erased=True)
        before = ticket.event_seq
        OwedCalls(world, ticket, self.at).drop(*self.reasons)
        return world.applied(ticket, skipped=ticket.event_seq == before)
