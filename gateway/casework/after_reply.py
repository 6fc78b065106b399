"""What follows a reply without anybody's doing: somebody asks, the centre hears of discontent, cases are put away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from gateway.casework.after_reply_commands import ArchiveAlone, DropCalls, OfferJudgement, OweVisit
from gateway.casework.reply_teller import ReplyWays
from gateway.domain.callback import REPLY, VISIT, NewCallback
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.reasons import WhyArchived
from gateway.domain.command import Command
from gateway.domain.events import (
    CaseArchived,
    CaseDiscontentOver,
    CaseReplied,
    ClockWarned,
    ReplyCalled,
    ReplyDeclined,
    ReplyUncallable,
    TicketRated,
)
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.errors import AlreadyErased, NotFound
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.replies import ReplyReads
from gateway.ports.store import CommandStore, TicketReader

CURSOR = "after-reply"
_ARCHIVES = {
    ReplyCalled.TYPE: (WhyArchived.UNREACHABLE,),
    ReplyUncallable.TYPE: (WhyArchived.UNREACHABLE,),
    ReplyDeclined.TYPE: (WhyArchived.DECLINED,),
    TicketRated.TYPE: (WhyArchived.EVALUATED,),
    CaseReplied.TYPE: (WhyArchived.NOT_NEEDED,),
    CaseDiscontentOver.TYPE: (WhyArchived.EVALUATED, WhyArchived.DECLINED, WhyArchived.UNREACHABLE),
}
"""What may let a case be put away, and why then: of several, by the first that holds."""
_WANTED = frozenset({*_ARCHIVES, CaseArchived.TYPE})
_REOPENED = "handling.reopened"
"""What changes when a case is opened again, here or by a system of the city's own."""


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
        kind, data = event["type"], event["data"]
        if kind == ClockWarned.TYPE:
            return bool(data["clock_kind"] == ClockKind.VISIT)
        return kind in _WANTED or _REOPENED in data.get("changed", ())

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
        for why in _ARCHIVES.get(kind, ()):
            yield ArchiveAlone(at=at, ticket_id=ticket_id, why=why)

    async def _with_others(self, event: Mapping[str, Any]) -> list[Command]:
        """What takes a look at other tickets, or at how the person can be reached."""
        at, ticket_id, kind = self._clock.now(), event["ticket_id"], event["type"]
        if kind == ClockWarned.TYPE:
            return await self._visit(ticket_id, at)
        if kind != TicketRated.TYPE:
            return []
        head = (await self._reads.answered(ticket_id)).ticket_id
        offer = OfferJudgement(
            at=at,
            ticket_id=head,
            of=ticket_id,
            satisfied=event["data"]["satisfied"],
            reply_id=event["data"].get("reply_id"),
            judged_at=from_rfc3339(event["at"]),
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
    if _REOPENED in data.get("changed", ()) or (kind == CaseArchived.TYPE and data["why"] == WhyArchived.UNREACHABLE):
        return (REPLY, VISIT)
    return (VISIT,) if kind in {CaseArchived.TYPE, TicketRated.TYPE, ReplyDeclined.TYPE} else None
