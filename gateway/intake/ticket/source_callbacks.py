"""Telling the platform that handed a contact over what became of it: status and public reply, once for each news."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.command import Applied, Refs
from gateway.domain.events import SourceTold
from gateway.domain.ids import new_ulid, spelled_no
from gateway.domain.keys import ExternalKey
from gateway.domain.messages import NewMessage, Queued
from gateway.domain.status import Status
from gateway.domain.world import World
from gateway.errors import NotFound, StoreUnavailable
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import CommandStore, Record, TicketReader
from gateway.telemetry import log

ABOUT = "event:"
"""Begins the recipient of what is told about a contact; the platform channel reads it."""
CURSOR = ("source-callbacks", "event_seq")
SAVE_EVERY = 200
RETRY_S = 2.0
_NO_NEWS = frozenset({"ticket.registered", "ticket.demand_taken", "callback.opened", SourceTold.TYPE})
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
        states: ChannelStates,
        channels: Collection[str],
        clock: Clock,
        queued: Callable[[], None],
    ) -> None:
        """``channels`` are the platform channels that can call back; ``queued`` wakes the outbox."""
        self._store = store
        self._reader = reader
        self._states = states
        self._channels = channels
        self._clock = clock
        self._queued = queued

    async def run(self) -> None:
        """Until cancelled. What changed before the first run ever is not told."""
        if not self._channels:
            await asyncio.get_running_loop().create_future()
        saved = await self._states.get(*CURSOR)
        if saved is None:
            saved = await self._states.put_new(*CURSOR, str(await self._reader.last_event_seq()))
        after = int(saved)
        unsaved = 0
        async for event in self._reader.watch(after):
            told = _may_be_news(event["type"]) and await self._look(event["ticket_id"])
            unsaved += 1
            if told or unsaved >= SAVE_EVERY:
                await self._states.put(*CURSOR, str(event["event_seq"]))
                unsaved = 0

    async def _look(self, ticket_id: str) -> bool:
        """Tell the ticket's source where it stands, unless it knows that; whether there was somebody to tell."""
        while True:
            try:
                record = await self._reader.ticket(ticket_id)
                command = self._news(record)
                if command is None:
                    return False
                applied = await self._store.execute(command)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except NotFound:
                return False
            else:
                if not applied.replayed:
                    _log.info("source_told", channel_id=record["channel_id"], status=record["status"])
                    self._queued()
                return True

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
