"""Everything that written conversations need, wired."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from gateway.bootstrap.channels import BuiltChannel
from gateway.bootstrap.this_process import ThisProcess
from gateway.intake.attachment_files import AttachmentFiles
from gateway.intake.channel_health import HealthBoard
from gateway.intake.channels_here import ChannelsHere
from gateway.intake.conversations import ConversationIntake
from gateway.intake.idle import IdleCloser
from gateway.intake.media_worker import MediaWorker, Transcribe
from gateway.intake.outbox import OutboxWorker
from gateway.intake.text_flow import TextFlow
from gateway.intake.watching import Watchers
from gateway.media.decoding import SoundDecoder
from gateway.ports.clock import Clock
from gateway.settings import Settings
from gateway.storage.database import Database

CHANNELS_S = 5.0
WATCH_S = 2.0


class Written:
    """Conversations, what leaves, what is fetched, and how the channels are."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        flow: TextFlow,
        clock: Clock,
        process: ThisProcess,
        sms_channel: str | None,
        by_http: Collection[str],
        transcribe: Transcribe | None,
    ) -> None:
        """Starts nothing.

        ``sms_channel`` takes over where another channel may not write any more; ``by_http`` are the channels that
        providers and web clients come to.
        """
        self._database = database
        self.here = ChannelsHere(by_http)
        self.health = HealthBoard(clock=clock, silent_after_s=settings.conversations.silent_alarm_s)
        self.files = AttachmentFiles(
            settings.data_dir / "attachments", max_bytes=settings.conversations.max_attachment_bytes
        )
        callback_due = timedelta(seconds=settings.calls.callback_due_s)
        # Only SQLite has one process at it; elsewhere another one may write what a client here waits for.
        watchers = Watchers(every_s=WATCH_S if settings.database.url else None)
        self.conversations = ConversationIntake(
            store=database.changes,
            reads=database.conversations,
            flow=flow,
            files=self.files,
            watchers=watchers,
            health=self.health,
            clock=clock,
            callback_due=callback_due,
            queued=self.queued,
        )
        self.outbox = OutboxWorker(
            store=database.changes,
            outbox=database.outbox,
            channels=self.here,
            health=self.health,
            watchers=watchers,
            clock=clock,
            owner=process.owner,
            callback_due=callback_due,
            sms_channel=sms_channel,
            sent_as=self.conversations.sent_as,
            is_gone=process.is_gone,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.media = MediaWorker(
            store=database.changes,
            attachments=database.attachments,
            conversations=self.conversations,
            flow=flow,
            files=self.files,
            channels=self.here,
            clock=clock,
            owner=process.owner,
            callback_due=callback_due,
            is_gone=process.is_gone,
            transcribe=transcribe,
            decoder=SoundDecoder(),
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.idle = IdleCloser(
            conversations=self.conversations,
            reads=database.conversations,
            clock=clock,
            idle_close_s=settings.conversations.idle_close_s,
        )

    def queued(self) -> None:
        """Something was committed that has to be sent or fetched."""
        self.outbox.notify()
        self.media.notify()

    async def watch(self) -> None:
        """Alarms and gauges of the channels, until cancelled."""
        while True:
            self.health.look()
            await self.outbox.count()
            await asyncio.sleep(CHANNELS_S)

    async def report(self, channels: Sequence[BuiltChannel]) -> list[dict[str, Any]]:
        """What ``GET /api/v1/channels`` says."""
        pending = await self._database.outbox.pending()
        report = []
        for built in channels:
            channel = self.here.get(built.channel_id)
            report.append(
                {
                    "channel_id": built.channel_id,
                    "kind": built.kind,
                    "running": channel is not None,
                    "ready": await channel.ready() if channel is not None else None,
                    "pending": pending.get(built.channel_id, 0),
                    **self.health.report(built.channel_id),
                }
            )
        return report
