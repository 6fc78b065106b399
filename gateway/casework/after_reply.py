"""What follows a reply without anybody's doing: somebody is to ask, the centre hears of discontent, cases are put away.

Each is a command that looks for itself whether it is still so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.casework.reply_teller import ReplyWays
from gateway.domain.callback import REPLY, VISIT, NewCallback
from gateway.domain.case.case import Case
from gateway.domain.case.closing import CONTENT, Closing
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.replies import Replies, newest
from gateway.domain.case.verbs import WhyArchived
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.events import (
    SYSTEM,
    CaseArchived,
    CaseReopened,
    CaseReplied,
    ClockWarned,
    ReplyCalled,
    ReplyDeclined,
    TicketRated,
)
from gateway.domain.ids import new_ulid
from gateway.domain.keys import ExternalKey
from gateway.domain.owed_calls import OwedCalls
from gateway.domain.status import UNANSWERED, Status
from gateway.domain.world import World
from gateway.errors import AlreadyErased, Conflict, NotFound
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.replies import ReplyReads
from gateway.ports.store import CommandStore, TicketReader

CURSOR = "after-reply"
_ARCHIVES = {
    ReplyCalled.TYPE: WhyArchived.UNREACHABLE,
    ReplyDeclined.TYPE: WhyArchived.DECLINED,
    CaseReplied.TYPE: WhyArchived.NOT_NEEDED,
}
"""What may let a case be put away, and why then."""
_WANTED = frozenset(
    one.TYPE for one in (CaseReplied, CaseReopened, CaseArchived, ClockWarned, TicketRated, ReplyCalled, ReplyDeclined)
)


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
        """``skipped`` when it was judged meanwhile, or somebody asks already."""
        ticket = world.ticket(self.ticket_id, erased=True)
        reply = newest(ticket.form.handling)
        waits = any(Case(ticket, self.at, SYSTEM, world.case_rules).clocks.running(ClockKind.VISIT))
        if reply is None or reply.visit_id is not None or not waits or ticket.erased_at is not None:
            return world.applied(ticket, skipped=True)
        interaction = world.interaction(self.interaction_id, ticket)
        OwedCalls(world, ticket, self.at).settle(interaction, callback=self.callback)
        Replies(ticket, self.at, SYSTEM).visit(reply, ticket.form.callback_id)
        return world.applied(ticket, interaction)


@dataclass(slots=True, kw_only=True)
class OfferDiscontent:
    """The requester of a ticket that went into this one is dissatisfied with its reply: the centre decides."""

    at: datetime
    ticket_id: str
    of: str
    satisfied: int
    event_id: str
    """Of the judgement: each is offered once, whatever became of it."""
    trace: str | None = None

    @property
    def _key(self) -> ExternalKey:
        return ExternalKey(channel_id=CURSOR, external_id=self.event_id)

    def refs(self) -> Refs:
        """Both tickets, and whether this judgement was offered."""
        return Refs(tickets=(self.ticket_id, self.of), seen=(self._key,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when one is offered, or the ticket that was judged has left this one; ``replayed``."""
        if (seen := world.replayed(self._key)) is not None:
            return seen
        ticket, other = world.ticket(self.ticket_id, erased=True), world.ticket(self.of, erased=True)
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
        offered = any(case.clocks.running(ClockKind.JUDGE)) or ticket.status in UNANSWERED
        if offered or other.form.related.merged_into is None:
            return world.applied(ticket, skipped=True)
        Closing(case, ticket, self.at, SYSTEM).dissatisfied(self.satisfied, self.of)
        world.see((self._key,), ticket, None)
        return world.applied(ticket)


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
        """``skipped`` when it cannot be, or is."""
        ticket = world.ticket(self.ticket_id, erased=True)
        if not world.case_rules.policy.archive_alone or ticket.status is Status.ARCHIVED:
            return world.applied(ticket, skipped=True)
        case = Case(ticket, self.at, SYSTEM, world.case_rules)
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


class AfterReply:
    """Follows the event log. Several processes may: what one has done the others skip."""

    def __init__(
        self,
        *,
        store: CommandStore,
        reader: TicketReader,
        reads: ReplyReads,
        cursors: ChannelStates | None,
        next_commit: Wake,
        ways: Callable[[], ReplyWays],
        clock: Clock,
    ) -> None:
        """Nothing comes of what happened before the first run."""
        self._store = store
        self._reads = reads
        self._ways = ways
        self._clock = clock
        self.follower: Follower[Any] = Follower(
            CURSOR,
            read=lambda after: reader.events(after=after),
            begin=reader.last_event_seq,
            cursors=cursors,
            on=next_commit,
            wants=self.wants,
            handle=self.look,
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self.follower.run()

    @staticmethod
    def wants(event: Mapping[str, Any]) -> bool:
        """Whether something may follow."""
        kind = event["type"]
        return kind in _WANTED and (kind != ClockWarned.TYPE or event["data"]["clock_kind"] == ClockKind.VISIT)

    async def look(self, event: Mapping[str, Any]) -> None:
        """What comes of one event."""
        try:
            for command in [*self._alone(event), *await self._with_others(event)]:
                await self._store.execute(command)
        except (NotFound, AlreadyErased):
            return

    def _alone(self, event: Mapping[str, Any]) -> Iterator[Command]:
        """What comes of it for the ticket itself."""
        at, ticket_id, kind = self._clock.now(), event["ticket_id"], event["type"]
        if (reasons := _needless(kind, event["data"])) is not None:
            yield DropCalls(at=at, ticket_id=ticket_id, reasons=reasons)
        why = _ARCHIVES.get(kind)
        if kind == TicketRated.TYPE and event["data"]["satisfied"] >= CONTENT:
            why = WhyArchived.EVALUATED
        if why is not None:
            yield ArchiveAlone(at=at, ticket_id=ticket_id, why=why)

    async def _with_others(self, event: Mapping[str, Any]) -> list[Command]:
        """What takes a look at other tickets, or at how the person can be reached."""
        at, ticket_id, kind = self._clock.now(), event["ticket_id"], event["type"]
        if kind == ClockWarned.TYPE:
            return await self._visit(ticket_id, at)
        if kind != TicketRated.TYPE or event["data"]["satisfied"] >= CONTENT:
            return []
        head = (await self._reads.answered(ticket_id)).ticket_id
        offer = OfferDiscontent(
            at=at,
            ticket_id=head,
            of=ticket_id,
            satisfied=event["data"]["satisfied"],
            event_id=event["event_id"],
        )
        return [offer] if head != ticket_id else []

    async def _visit(self, ticket_id: str, now: datetime) -> list[Command]:
        ways = self._ways()
        for one in await self._reads.reporters([ticket_id]):
            if one.interaction_id is not None:
                due = ways.quiet.over(now) + ways.callback_due
                callback = NewCallback(callback_id=new_ulid(), reason=VISIT, due_at=due)
                return [OweVisit(at=now, ticket_id=ticket_id, interaction_id=one.interaction_id, callback=callback)]
        return []


def _needless(kind: str, data: Mapping[str, Any]) -> tuple[str, ...] | None:
    """For which reasons nobody need call any more after an event; None: it has nothing to do with calls."""
    if kind == CaseReopened.TYPE or (kind == CaseArchived.TYPE and data["why"] == WhyArchived.UNREACHABLE):
        return (REPLY, VISIT)
    return (VISIT,) if kind in {CaseArchived.TYPE, TicketRated.TYPE, ReplyDeclined.TYPE} else None
