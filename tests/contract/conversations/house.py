"""A house around the conversation core: real storage, real flow, a channel that does what tests say."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.callback_work import DoneResult, Verb, Work
from gateway.domain.keys import Identity
from gateway.errors import GatewayError
from gateway.following.worker import LeasedWorker
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.channel.outbox import OutboxWorker
from gateway.intake.channel.watchers import Watchers
from gateway.intake.conversation.conversations import ConversationIntake
from gateway.intake.conversation.follow_up import City
from gateway.intake.conversation.idle import IdleCloser
from gateway.intake.conversation.proofs import TicketProofs
from gateway.intake.conversation.text_flow import TextFlow
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.media.worker import MediaWorker
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from gateway.media.decoding import SoundDecoder
from gateway.ports.channel import Abilities
from gateway.ports.message import InboundMessage, Location, MediaRef, OutboundMessage, ReplyWindow, Sent
from gateway.ports.recogniser import Final
from gateway.prefill.names import GazetteerEntry
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage.database import Database
from tests.support.change import Change
from tests.support.clocks import SHANGHAI, ClockAhead, SetClock

TEXTS = Abilities(converses=True)
ROOT = Path(__file__).resolve().parents[3]
FLOWS = load_flows(ROOT / "ivr_flows")
LONGHUA = GazetteerEntry(code="460106", name="龙华区", level="district", parent="")


class ScriptedChannel:
    """A text channel. ``failures`` are raised by the next sends, in order, ``ids`` given to them.

    ``contents`` is what ``fetch`` gives.
    """

    def __init__(self, window: ReplyWindow | None = None) -> None:
        self.window = window
        self.sent: list[OutboundMessage] = []
        self.failures: list[GatewayError | None] = []
        self.ids: list[str] = []
        self.contents: dict[str, bytes | GatewayError] = {}
        self.hold: asyncio.Event | None = None

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def ready(self) -> bool:
        return True

    async def aclose(self, *, drain_s: float) -> None:
        assert drain_s >= 0

    async def send(self, message: OutboundMessage) -> Sent:
        if self.hold is not None:
            await self.hold.wait()
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.sent.append(message)
        return Sent(external_id=self.ids.pop(0) if self.ids else f"out-{len(self.sent)}")

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        content = self.contents[media.ref]
        if isinstance(content, GatewayError):
            raise content
        for at in range(0, len(content), 1000):
            yield content[at : at + 1000]


class ConversationHouse:
    """One process. Two of them on one database are two processes."""

    def __init__(
        self,
        database: Database,
        clock: SetClock | ClockAhead,
        folder: Path,
        *,
        name: str = "a",
        sms: str | None = None,
        prefill: PrefillReader | None = None,
        decoder: SoundDecoder | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.channels = ChannelsHere()
        self.health = HealthBoard(clock=clock)
        self.heard: list[Final] = []
        self.recogniser_failure: GatewayError | None = None
        self.store_steady_s = 3600.0
        watchers = Watchers()
        prefill = prefill or PrefillReader(Gazetteer([LONGHUA]))
        flow = TextFlow(
            engine=FlowEngine(FLOWS),
            prefill=prefill,
            city=City(zone=SHANGHAI, unit={"M02": ("水务局", "Water Bureau")}.get),
        )
        self.files = AttachmentFiles(folder / "attachments", max_bytes=100_000)
        common: dict[str, Any] = {"store": database.changes, "clock": clock}
        self.conversations = ConversationIntake(
            reads=database.conversations,
            flow=flow,
            files=self.files,
            watchers=watchers,
            health=self.health,
            callback_due=timedelta(minutes=30),
            proofs=TicketProofs(
                ProgressByNumber(
                    reader=database.reader, store=database.changes, attempts=database.login_attempts, clock=clock
                )
            ),
            **common,
        )
        self.outbox = OutboxWorker(
            outbox=database.outbox,
            channels=self.channels,
            health=self.health,
            watchers=watchers,
            owner=name,
            callback_due=timedelta(minutes=30),
            sms_channel=sms,
            sent_as=self.conversations.sent_as,
            next_todo=database.committed.next_todo,
            jitter=random.Random(1),
            **common,
        )
        self.media = MediaWorker(
            attachments=database.attachments,
            conversations=self.conversations,
            flow=flow,
            files=self.files,
            channels=self.channels,
            owner=name,
            callback_due=timedelta(minutes=30),
            next_todo=database.committed.next_todo,
            transcribe=self._transcribe,
            decoder=decoder or SoundDecoder(),
            jitter=random.Random(1),
            **common,
        )
        self.idle = IdleCloser(
            conversations=self.conversations,
            reads=database.conversations,
            clock=clock,
            idle_close_s=1800,
            steady_s=lambda: self.store_steady_s,
        )
        self.chat = ScriptedChannel()
        self.channels.put("web", self.chat, TEXTS)

    async def _transcribe(self, path: Path, from_ms: int) -> list[Final]:
        assert path.read_bytes()[:4] == b"RIFF"
        assert from_ms == 0
        if self.recogniser_failure is not None:
            raise self.recogniser_failure
        return self.heard

    def message(self, key: str, text: str | None = None, *, sender: str = "li", **more: Any) -> InboundMessage:
        return InboundMessage(
            channel=more.pop("channel", "webchat"),
            channel_id=more.pop("channel_id", "web"),
            external_id=key,
            sender=sender,
            received_at=more.pop("at", self.clock.now()),
            text=text,
            **more,
        )

    async def say(self, key: str, text: str | None = None, **more: Any) -> dict[str, Any]:
        """Hand a message in; the ticket's record then."""
        received = await self.conversations.receive(self.message(key, text, **more))
        assert received.ticket_id is not None
        return await self.database.reader.ticket(received.ticket_id)

    async def file_of(self, attachment: dict[str, Any]) -> Path:
        """The file of an attachment of a record."""
        row = await self.database.attachments.get(attachment["attachment_id"])
        return self.files.path(row.location)

    async def fetch_due(self) -> bool:
        """Fetch what is due; whether there was anything."""
        return await _round(self.media.fetching)

    async def hear_due(self) -> bool:
        """Hear a voice message that is due; whether there was one."""
        return await _round(self.media.hearing)

    async def deliver(self) -> None:
        """Send until nothing is due."""
        for _ in range(1000):
            if not await self.outbox.sending.step():
                return
            await self.outbox.sending.settled()
        raise AssertionError("there is always something due")

    async def called(self) -> None:
        """A person at the desk has called everybody who is owed a call."""
        for task in await self.database.reader.callbacks():
            work = Work(
                callback_id=task["callback_id"],
                verb=Verb.DONE,
                actor="user:li",
                at=self.clock.now(),
                result=DoneResult.REACHED,
            )
            await self.database.changes.execute(Change(ticket_id=task["ticket_id"], work=work))

    async def answers(self, sender: str = "li", channel_id: str = "web") -> list[str]:
        history = await self.conversations.history(channel_id, sender)
        return [m.text or "" for m in history if m.direction == "outbound"]

    async def types(self, ticket_id: str) -> list[str]:
        return [event["type"] for event in await self.database.reader.events(ticket_id=ticket_id)]


async def _round(worker: LeasedWorker[Any]) -> bool:
    taken = await worker.step()
    await worker.settled()
    return taken


PHONE = (Identity(kind="phone", value="+8613800138000"),)
HERE = Location(lat=20.03, lon=110.33, crs="gcj02", label="龙华区国贸路10号")
