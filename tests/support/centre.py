"""A centre that answers tickets, and the people who hear it: their messages are counted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import count
from typing import Any

from gateway.casework.after_reply import AfterReply
from gateway.casework.case_work import WorkOnCase
from gateway.casework.fire_clock import FireClock
from gateway.casework.reply_teller import ReplyTeller, ReplyWays
from gateway.domain.callback_work import Verb, Work
from gateway.domain.case.reply_plan import QuietHours
from gateway.domain.case.rules_in_force import BY_PLAN
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.keys import CONVERSATION, ExternalKey, Identity
from gateway.domain.messages import DeliveryUpdate, NewMessage, ThreadStep
from gateway.domain.reply_window import ReplyWindow
from gateway.following.poll import never
from gateway.intake.channel.deliveries import BookDelivery
from gateway.intake.ticket.callback import WorkOnCallback
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.storage.database import Database
from tests.support.change import Change, NewEvent, NewInteraction, NewRequester, NewTicket
from tests.support.clocks import NOON, SHANGHAI, SetClock

MOBILE = "+8613800138000"
WINDOW = ReplyWindow(messages=5, within_s=48 * 3600)
READ = ReplyWindow(messages=1000, within_s=24 * 3600)
NONE_QUIET = QuietHours(begin=time(0), end=time(0), zone=SHANGHAI)


def ways(*, sources: Collection[str] = (), sms: str | None = "sms", quiet: QuietHours = NONE_QUIET) -> ReplyWays:
    """Of a hotline with these channels."""
    return ReplyWays(
        windows={"wechat": WINDOW, "telegram": None, "sms": None, "web": READ},
        patient={"telegram", "sms", "web"},
        sources=sources,
        sms=sms,
        quiet=quiet,
        is_urgent=BY_PLAN.is_urgent,
        callback_due=timedelta(minutes=30),
    )


@dataclass
class Centre:
    """One record, its clock, and the teller of its replies."""

    db: Database
    clock: SetClock
    quiet: QuietHours = NONE_QUIET
    sms: str | None = "sms"
    sources: set[str] = field(default_factory=set)
    ids: Any = field(default_factory=count)
    seen: int = 0

    def __post_init__(self) -> None:
        following: dict[str, Any] = {
            "store": self.db.changes,
            "reader": self.db.reader,
            "reads": self.db.replies,
            "cursors": None,
            "next_commit": never,
            "ways": self._ways,
            "clock": self.clock,
        }
        self.followers = (ReplyTeller(**following), AfterReply(**following))

    def _ways(self) -> ReplyWays:
        return ways(sources=self.sources, sms=self.sms, quiet=self.quiet)

    async def registered(
        self, channel: str = "wechat", sender: str | None = None, *, phone: str | None = None, **requester: Any
    ) -> str:
        """A ticket of somebody who wrote (``sender``) or called; its id."""
        at, nth = self.clock.now(), next(self.ids)
        identities = tuple(
            Identity(kind=kind, value=value)
            for kind, value in (("phone", phone), (f"on:{channel}", sender))
            if value is not None
        )
        change = Change(
            dedupe=ExternalKey(channel_id=channel, external_id=f"m{nth}"),
            new_ticket=NewTicket(
                ticket_id=new_ulid(),
                created_at=at,
                line="citizen",
                channel=channel,
                channel_id=channel,
                source_event_id=requester.pop("event_id", None),
                requester=NewRequester(identities=identities, fields={"phone": phone, **requester}),
                fields={("demand", "content"): "小区停水", ("demand", "type"): "complaint"},
            ),
            new_interaction=NewInteraction(
                interaction_id=new_ulid(),
                channel=channel,
                channel_id=channel,
                direction="inbound",
                started_at=at,
                external_id=f"{CONVERSATION}{sender}" if sender else f"call{nth}",
                fields={"ended_at": at, "disposition": "completed"},
            ),
            messages=(NewMessage(message_id=new_ulid(), direction="inbound", sent_at=at, text="停水"),)
            if sender
            else (),
            thread=ThreadStep(channel_id=channel, sender=sender, heard_at=at) if sender else None,
            events=(NewEvent(type="ticket.registered", at=at, data={"channel": channel}),),
        )
        return (await self.db.changes.execute(change)).ticket_id

    async def merged(self, ticket_id: str, head: str, *, undo: bool = False) -> None:
        version = (await self.record(ticket_id))["version"]
        at = self.clock.now()
        merge = MergeTicket(at=at, actor="user:li", ticket_id=ticket_id, head=head, version=version, undo=undo)
        await self.db.changes.execute(merge)

    async def withdrawn(self, ticket_id: str) -> None:
        """Its requester takes it back."""
        version, at = (await self.record(ticket_id))["version"], self.clock.now()
        command = WithdrawTicket(at=at, actor="user:li", ticket_id=ticket_id, version=version, reason="requester_asked")
        await self.db.changes.execute(command)

    async def corrected(self, ticket_id: str, values: dict[str, Any]) -> None:
        """Somebody at the desk sets fields of it."""
        command = CorrectTicket(
            at=self.clock.now(), actor="user:li", ticket_id=ticket_id, values=values, told=tuple(values)
        )
        await self.db.changes.execute(command)

    async def do(self, verb: str, ticket_id: str, **more: Any) -> Applied:
        """A verb of the centre on a case."""
        work = WorkOnCase(
            at=self.clock.now(),
            actor="user:li",
            ticket_id=ticket_id,
            verb=CaseVerb(verb),
            note_id=more.pop("note_id", None) or f"n{next(self.ids)}",
            **more,
        )
        return await self.db.changes.execute(work)

    async def replied(self, ticket_id: str, text: str = "已经恢复供水") -> str:
        """回复, and everybody is told; the id of the reply."""
        reply_id = f"r{next(self.ids)}"
        await self.do("reply", ticket_id, text=text, note_id=reply_id)
        await self.follow()
        return reply_id

    async def follow(self, *, again: bool = False) -> None:
        """Hand over what has happened; ``again``: all of it, as after a crash of whoever followed."""
        after = 0 if again else self.seen
        while events := await self.db.reader.events(after=after):
            for event in events:
                after = event["event_seq"]
                for follower in self.followers:
                    if follower.wants(event):
                        await follower.look(event)
        self.seen = after

    async def record(self, ticket_id: str) -> dict[str, Any]:
        return await self.db.reader.ticket(ticket_id)

    async def reply(self, ticket_id: str) -> dict[str, Any]:
        """How the newest reply stands on its way to this ticket's requester."""
        found: dict[str, Any] = (await self.record(ticket_id))["handling"]["replies"][-1]
        return found

    async def messages(self, *ticket_ids: str) -> list[dict[str, Any]]:
        """What was written to the requesters of these tickets."""
        records = [await self.record(one) for one in ticket_ids]
        return [
            message
            for record in records
            for interaction in record["interactions"]
            for message in interaction["messages"]
            if message["direction"] == "outbound"
        ]

    async def calls(self) -> list[dict[str, Any]]:
        return await self.db.reader.callbacks()

    async def delivery(self, ticket_id: str, state: str, reason: str | None = None, *, follow: bool = True) -> None:
        """What becomes of the message that holds the newest reply."""
        record, reply = await self.record(ticket_id), await self.reply(ticket_id)
        update = DeliveryUpdate(message_id=reply["message_id"], state=state, at=self.clock.now())
        interaction_id = record["interactions"][-1]["interaction_id"]
        command = BookDelivery(
            at=self.clock.now(), ticket_id=ticket_id, interaction_id=interaction_id, update=update, reason=reason
        )
        await self.db.changes.execute(command)
        if follow:
            await self.follow()

    async def call(self, callback: dict[str, Any], verb: Verb, result: str | None = None, **more: Any) -> Applied:
        """Somebody works on a call that is owed."""
        now = self.clock.now()
        work = Work(callback_id=callback["callback_id"], verb=verb, actor="user:wang", at=now, result=result)
        applied = await self.db.changes.execute(WorkOnCallback(ticket_id=callback["ticket_id"], work=work, **more))
        await self.follow()
        return applied

    async def fire(self, ticket_id: str, kind: str) -> None:
        """Time goes on to what this clock does next."""
        clocks = (await self.record(ticket_id))["handling"]["clocks"]
        clock = next(one for one in reversed(clocks) if one["kind"] == kind)
        due = from_rfc3339(clock["next_at"])
        self.clock.at = due
        await self.db.changes.execute(FireClock(at=due, ticket_id=ticket_id, clock_id=clock["clock_id"], next_at=due))
        await self.follow()

    def at(self, **later: float) -> None:
        """It is so much later than noon."""
        self.clock.at = NOON + timedelta(**later)

    def is_now(self) -> datetime:
        return self.clock.now()
