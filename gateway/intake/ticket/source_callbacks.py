"""Telling the platform that handed a contact over what became of it: status and public reply, once for each news."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Collection

from gateway.domain.change import Change, ExternalKey, NewEvent, NewMessage, Queued
from gateway.domain.ids import new_ulid, spelled_no
from gateway.domain.words import Status
from gateway.errors import NotFound, StoreUnavailable, TicketErased
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import ChangeStore, Record, TicketReader
from gateway.telemetry import log

ABOUT = "event:"
"""Begins the recipient of what is told about a contact; the platform channel reads it."""
TOLD = "source.told"
CURSOR = ("source-callbacks", "event_seq")
SAVE_EVERY = 200
RETRY_S = 2.0
_NO_NEWS = frozenset({"ticket.registered", "ticket.demand_taken", "callback.opened", TOLD})
_NO_NEWS_OF = ("message.", "interaction.", "transcript.", "feed_")
LABELS = {
    Status.REGISTERED: "已登记",
    Status.CLASSIFIED: "已分类",
    Status.DISPATCHED: "已派单",
    Status.SIGNED: "已签收",
    Status.HANDLING: "办理中",
    Status.REPLIED: "已答复",
    Status.EVALUATED: "已评价",
    Status.ARCHIVED: "已归档",
    Status.MERGED: "已并单",
    Status.DEFLECTED: "已转接应急",
    Status.INFORMED: "已告知",
    Status.WITHDRAWN: "已撤销",
}
_log = log.get("source_callbacks")


class SourceCallbacks:
    """Follows the event log. Several processes may: the same news is queued once, whoever sees it first."""

    def __init__(
        self,
        *,
        store: ChangeStore,
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
                change = self._news(record)
                if change is None:
                    return False
                applied = await self._store.apply(change)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except (NotFound, TicketErased):
                return False
            else:
                if not applied.replayed:
                    _log.info("source_told", channel_id=record["channel_id"], status=record["status"])
                    self._queued()
                return True

    def _news(self, record: Record) -> Change | None:
        event_id, channel_id = record["source"]["event_id"], record["channel_id"]
        status, reply = Status(record["status"]), record["outcome"]["public_reply"]
        interaction = next((item for item in record["interactions"] if item["channel_id"] == channel_id), None)
        if channel_id not in self._channels or event_id is None or interaction is None:
            return None
        if status is Status.REGISTERED and not reply:
            return None
        now = self._clock.now()
        digest = hashlib.sha256(f"{status}\n{reply}".encode()).hexdigest()[:32]
        text = f"工单 {spelled_no(record['ticket_no'])} {LABELS[status]}" + (f"：{reply}" if reply else "")
        return Change(
            ticket_id=record["ticket_id"],
            interaction_id=interaction["interaction_id"],
            dedupe=ExternalKey(channel_id=channel_id, external_id=f"told:{record['ticket_id']}:{digest}"),
            messages=(
                NewMessage(
                    message_id=new_ulid(),
                    direction="outbound",
                    sent_at=now,
                    text=text,
                    queue=Queued(channel_id=channel_id, recipient=f"{ABOUT}{event_id}"),
                ),
            ),
            events=(NewEvent(type=TOLD, at=now, data={"status": status.value, "replied": bool(reply)}),),
        )


def _may_be_news(event_type: str) -> bool:
    """Whether an event can have changed a ticket's status or reply; the frequent ones cannot."""
    return event_type not in _NO_NEWS and not event_type.startswith(_NO_NEWS_OF)
