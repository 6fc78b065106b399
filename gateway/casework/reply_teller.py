"""Tells every requester of an answered ticket the reply: follows replies, merges, and ways that came to nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.casework.judging_links import JudgingLinks
from gateway.casework.reply_words import reply_text, score_buttons
from gateway.casework.tell_reply import MOST_TICKETS, TellReply
from gateway.domain.callback import REPLY, NewCallback
from gateway.domain.case.reply_plan import Plan, QuietHours, Reach, plan
from gateway.domain.events import CaseDeflected, CaseInformed, CaseReplied, ReplyFailed, TicketMerged
from gateway.domain.form import Form
from gateway.domain.ids import new_ulid
from gateway.domain.messages import NewMessage, Queued, ThreadStep
from gateway.domain.phone_numbers import is_mobile
from gateway.domain.reply_state import ReplyState, ReplyWay
from gateway.domain.reply_window import ReplyWindow, open_until
from gateway.domain.status import REPLY_STANDS, Status
from gateway.errors import NotFound, StaleVersion
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.replies import Answered, ReplyReads, Reporter
from gateway.ports.store import CommandStore, TicketReader
from gateway.telemetry import log

CURSOR = "replies"
TRIES = 5
"""How often a reply is planned anew in a row."""
_WANTED = frozenset(one.TYPE for one in (CaseReplied, CaseInformed, CaseDeflected, TicketMerged, ReplyFailed))
_ORDER = (ReplyWay.CHANNEL, ReplyWay.SMS, ReplyWay.CALL)
_log = log.get("replies")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWays:
    """Which ways there are, as the configuration has them now."""

    windows: Mapping[str, ReplyWindow | None]
    """Channels on which people write to us, with the window in which their provider lets us answer, or they look."""
    patient: Collection[str]
    """Those of them that take a message after their window, too."""
    sources: Collection[str]
    """Channels whose platform is told of every ticket that it handed over."""
    sms: str | None
    """What texts mobile telephones."""
    quiet: QuietHours
    is_urgent: Callable[[Form], bool]
    """Whether a ticket's matter is urgent: its reply does not wait for the morning."""
    callback_due: timedelta
    links: JudgingLinks | None = None
    """Where a reply is judged."""


class ReplyTeller:
    """Several processes may follow: the same step is taken once, whoever sees it first."""

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
        """Replies from before the first run are told nobody."""
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
        """Whether somebody may have to be told after this event; a merge is told of both tickets, and counts once."""
        return event["type"] in _WANTED and event["data"].get("merged") is None

    async def look(self, event: Mapping[str, Any]) -> None:
        """What comes of one event; planned again when a ticket has left the family meanwhile.

        ``StaleVersion`` when they do all the time.
        """
        for _ in range(TRIES - 1):
            try:
                await self._look(event)
            except StaleVersion:
                continue
            return
        await self._look(event)

    async def _look(self, event: Mapping[str, Any]) -> None:
        try:
            newcomers = event["type"] == TicketMerged.TYPE
            answered = await self._reads.answered(event["ticket_id"], newcomers=newcomers)
        except NotFound:
            return
        if answered.reply_id is None or not answered.text or answered.status not in REPLY_STANDS:
            return
        if event["type"] == ReplyFailed.TYPE:
            await self._next_way(answered, event["ticket_id"], event["data"]["reply_id"])
            return
        for ticket_ids in answered.people:
            await self._person(answered, ticket_ids)

    async def _person(self, answered: Answered, ticket_ids: Sequence[str]) -> None:
        """Tell one person; a platform is told of each ticket that it handed over."""
        ways = self._ways()
        reporters = [one for one in await self._reads.reporters(ticket_ids) if not one.erased]
        for_sources = [one for one in reporters if _by_source(one, ways)]
        for one in for_sources:
            await self._tell(answered, ways, one, [])
        others = [one for one in reporters if one not in for_sources]
        if not others:
            return
        told = [one for one in others if _state(one, answered.reply_id) not in {None, ReplyState.DUE}]
        first = told[0] if told else min(others, key=lambda one: self._rank(one, ways))
        rest = [one for one in others if one is not first]
        for begin in range(0, max(1, len(rest)), MOST_TICKETS):
            await self._tell(answered, ways, first, rest[begin : begin + MOST_TICKETS])

    def _rank(self, reporter: Reporter, ways: ReplyWays) -> tuple[int, str]:
        """Who of one person's tickets has the best way."""
        found = plan(_reach(reporter, ways), (), self._clock.now(), None)
        return _ORDER.index(found.way) if found is not None else len(_ORDER), reporter.ticket_no

    async def _next_way(self, answered: Answered, ticket_id: str, reply_id: str) -> None:
        for one in await self._reads.reporters([ticket_id]):
            if reply_id == answered.reply_id and not one.erased and _state(one, reply_id) is ReplyState.FAILED:
                await self._tell(answered, self._ways(), one, [])

    async def _tell(self, answered: Answered, ways: ReplyWays, first: Reporter, rest: Sequence[Reporter]) -> None:
        now = self._clock.now()
        tried = next((tuple(one.tried) for one in first.form.handling.replies if one.reply_id == answered.reply_id), ())
        chosen = plan(_reach(first, ways), tried, now, None if ways.is_urgent(first.form) else ways.quiet)
        if first.interaction_id is None:  # neither a message nor a call could be entered anywhere
            chosen = None
        command = TellReply(
            at=now,
            head=answered.ticket_id,
            reply_id=answered.reply_id or "",
            text=answered.text or "",
            tickets=(first.ticket_id, *(one.ticket_id for one in rest)),
            tried=len(tried),
            plan=chosen,
            interaction_id=first.interaction_id if chosen is not None else None,
        )
        if chosen is not None:
            await self._go(answered, command, chosen, ways, [first, *rest])
        applied = await self._store.execute(command)
        if not applied.skipped:
            way = chosen.way.value if chosen is not None else None
            _log.info("reply_under_way", ticket_no=first.ticket_no, way=way, others=len(rest))

    async def _go(
        self, answered: Answered, command: TellReply, chosen: Plan, ways: ReplyWays, everyone: Sequence[Reporter]
    ) -> None:
        """What the chosen way takes: a message in somebody's thread, or a call that is owed."""
        first = everyone[0]
        if chosen.way is ReplyWay.CALL:
            due = chosen.at + ways.callback_due
            command.callback = NewCallback(callback_id=new_ulid(), reason=REPLY, due_at=due)
        elif chosen.way in {ReplyWay.CHANNEL, ReplyWay.SMS}:
            account = first.account
            place = (
                (account.channel_id, account.sender)
                if chosen.way is ReplyWay.CHANNEL and account is not None
                else (ways.sms or "", first.phone or "")
            )
            numbers = [one.ticket_no for one in everyone]
            order = [one.reply_id for one in first.form.handling.replies]
            nth = order.index(command.reply_id) if command.reply_id in order else len(order)
            asks = answered.status not in {Status.INFORMED, Status.DEFLECTED}
            link = await ways.links.link(first.ticket_id, nth) if ways.links is not None and asks else None
            command.message = NewMessage(
                message_id=new_ulid(),
                direction="outbound",
                sent_at=command.at,
                text=reply_text(numbers, command.text, first.form.requester.language, asks=asks, link=link),
                queue=Queued(
                    channel_id=place[0],
                    recipient=place[1],
                    quick_replies=score_buttons(first.form.requester.language) if asks else (),
                    not_before=_later(chosen.at, command.at),
                ),
            )
            command.thread = ThreadStep(channel_id=place[0], sender=place[1])


def _later(at: datetime, now: datetime) -> datetime | None:
    return at if at > now else None


def _state(reporter: Reporter, reply_id: str | None) -> ReplyState | None:
    """How far a reply has come to a ticket's requester; None: they are not to hear it yet."""
    return next((ReplyState(one.state) for one in reporter.form.handling.replies if one.reply_id == reply_id), None)


def _by_source(reporter: Reporter, ways: ReplyWays) -> bool:
    return reporter.channel_id in ways.sources and reporter.event_id is not None


def _reach(reporter: Reporter, ways: ReplyWays) -> Reach:
    account, phone = reporter.account, reporter.phone
    until = None
    if account is not None and account.channel_id in ways.windows:
        until = open_until(account.heard, account.sent, ways.windows[account.channel_id])
    textable = ways.sms is not None and phone is not None and is_mobile(phone)
    same = account is not None and (account.channel_id, account.sender) == (ways.sms, phone)
    return Reach(
        open_until=until,
        sms=phone if textable and not same else None,
        still=account is not None and account.channel_id in ways.patient,
        callable=reporter.callable,
        by_source=_by_source(reporter, ways),
    )
