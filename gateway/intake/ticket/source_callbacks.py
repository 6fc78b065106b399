"""Telling the platform that handed a contact over what became of it: status and public reply, once for each news."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.command import Applied, Refs
from gateway.domain.events import CallbackOpened, DemandTaken, SourceTold, TicketRegistered
from gateway.domain.ids import new_ulid, spelled_no
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage, Queued
from gateway.domain.status import Status
from gateway.domain.world import World
from gateway.errors import AlreadyErased, NotFound
from gateway.following.follower import Follower
from gateway.following.poll import Wake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import CommandStore, Record, TicketReader
from gateway.telemetry import log

ABOUT = "event:"
"""Begins the recipient of what is told about a contact; the platform channel reads it."""
CURSOR = "source-callbacks"
_NO_NEWS = frozenset({TicketRegistered.TYPE, DemandTaken.TYPE, CallbackOpened.TYPE, SourceTold.TYPE})
_NO_NEWS_OF = ("message.", "interaction.", "transcript.", "feed_")
_log = log.get("source_callbacks")


@dataclass(slots=True, kw_only=True)
class TellSource:
    """The platform that handed a contact over is told where its ticket stands; each news once."""

    at: datetime
    ticket_id: str
    interaction_id: str
    key: ExternalKey
    message: NewMessage
    status: Status
    replied: bool
    trace: str | None = None

    def refs(self) -> Refs:
        """The contact's interaction and ticket, and whether this news was told."""
        return Refs(
            tickets=(self.ticket_id,), interactions=(self.interaction_id,), seen=(self.key,), writes_messages=True
        )

    def decide(self, world: World) -> Applied:
        """``replayed`` when it was told."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        ticket = world.ticket(self.ticket_id)
        interaction = world.interaction(self.interaction_id, ticket)
        world.write((self.message,), ticket, interaction)
        ticket.record(SourceTold(at=self.at, status=self.status.value, replied=self.replied))
        world.see((self.key,), ticket, interaction)
        return world.applied(ticket, interaction)


class SourceCallbacks:
    """Follows the event log. Several processes may: the same news is queued once, whoever sees it first."""

    def __init__(
        self,
        *,
        store: CommandStore,
        reader: TicketReader,
        cursors: ChannelStates,
        next_commit: Wake,
        channels: Collection[str],
        clock: Clock,
    ) -> None:
        """``channels`` are the platform channels that can call back. What changed before the first run is not told."""
        self._store = store
        self._reader = reader
        self._channels = channels
        self._clock = clock
        self._follower = Follower(
            CURSOR,
            read=lambda after: reader.events(after=after),
            begin=reader.last_event_seq,
            cursors=cursors,
            on=next_commit,
            wants=lambda event: _may_be_news(event["type"]),
            handle=lambda event: self._look(event["ticket_id"]),
        )

    async def run(self) -> None:
        """Until cancelled."""
        if not self._channels:
            await asyncio.get_running_loop().create_future()
        await self._follower.run()

    async def _look(self, ticket_id: str) -> None:
        """Tell the ticket's source where it stands, unless it knows that."""
        try:
            record = await self._reader.ticket(ticket_id)
            command = self._news(record)
            if command is None:
                return
            applied = await self._store.execute(command)
        except (NotFound, AlreadyErased):
            return
        if not applied.replayed:
            _log.info("source_told", channel_id=record["channel_id"], status=record["status"])

    def _news(self, record: Record) -> TellSource | None:
        event_id, channel_id = record["source"]["event_id"], record["channel_id"]
        status, reply = Status(record["status"]), record["outcome"]["public_reply"]
        interaction = next((item for item in record["interactions"] if item["channel_id"] == channel_id), None)
        if channel_id not in self._channels or event_id is None or interaction is None:
            return None
        if status is Status.REGISTERED and not reply:
            return None
        now = self._clock.now()
        digest = hashlib.sha256(f"{status}\n{reply}".encode()).hexdigest()[:32]
        text = f"工单 {spelled_no(record['ticket_no'])} {status.zh}" + (f"：{reply}" if reply else "")
        return TellSource(
            at=now,
            ticket_id=record["ticket_id"],
            interaction_id=interaction["interaction_id"],
            key=ExternalKey(channel_id=channel_id, external_id=f"told:{record['ticket_id']}:{digest}"),
            message=NewMessage(
                message_id=new_ulid(),
                direction="outbound",
                sent_at=now,
                text=text,
                queue=Queued(channel_id=channel_id, recipient=f"{ABOUT}{event_id}"),
            ),
            status=status,
            replied=bool(reply),
        )


def _may_be_news(event_type: str) -> bool:
    """Whether an event can have changed a ticket's status or reply; the frequent ones cannot."""
    return event_type not in _NO_NEWS and not event_type.startswith(_NO_NEWS_OF)
