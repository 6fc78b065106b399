"""Everything that written conversations need, wired."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

from gateway.bootstrap.foundation import Foundation
from gateway.intake.attachment_files import AttachmentFiles
from gateway.intake.conversations import ConversationIntake
from gateway.intake.idle import IdleCloser
from gateway.intake.media_worker import MediaWorker
from gateway.intake.outbox import OutboxWorker
from gateway.intake.text_flow import TextFlow
from gateway.intake.watching import Watchers

CHANNELS_S = 5.0
WATCH_S = 2.0


class Written:
    """Conversations, what leaves, and what is fetched."""

    def __init__(self, base: Foundation, *, alone: bool) -> None:
        """Starts nothing. ``alone``: nobody but this process writes to conversations, so nobody has to look for it."""
        settings, database = base.settings, base.database
        flow = TextFlow(engine=base.engine, prefill=base.prefill)
        callback_due = timedelta(seconds=settings.calls.callback_due_s)
        self._health = base.health
        self.files = AttachmentFiles(
            settings.data_dir / "attachments", max_bytes=settings.conversations.max_attachment_bytes
        )
        watchers = Watchers(every_s=None if alone and not settings.database.url else WATCH_S)
        self.conversations = ConversationIntake(
            store=database.changes,
            reads=database.conversations,
            flow=flow,
            files=self.files,
            watchers=watchers,
            health=base.health,
            clock=base.clock,
            callback_due=callback_due,
            queued=self.queued,
        )
        self.outbox = OutboxWorker(
            store=database.changes,
            outbox=database.outbox,
            channels=base.here,
            health=base.health,
            watchers=watchers,
            clock=base.clock,
            owner=base.process.owner,
            callback_due=callback_due,
            # It takes over where another channel may not write any more.
            sms_channel=base.configured.reaching_phones,
            sent_as=self.conversations.sent_as,
            is_gone=base.process.is_gone,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.media = MediaWorker(
            store=database.changes,
            attachments=database.attachments,
            conversations=self.conversations,
            flow=flow,
            files=self.files,
            channels=base.here,
            clock=base.clock,
            owner=base.process.owner,
            callback_due=callback_due,
            is_gone=base.process.is_gone,
            transcribe=base.recogniser.transcribe if base.recogniser else None,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.idle = IdleCloser(
            conversations=self.conversations,
            reads=database.conversations,
            clock=base.clock,
            idle_close_s=settings.conversations.idle_close_s,
        )

    def queued(self) -> None:
        """Something was committed that has to be sent or fetched."""
        self.outbox.notify()
        self.media.notify()

    async def watch(self) -> None:
        """Alarms and gauges of the channels, until cancelled."""
        while True:
            self._health.look()
            await self.outbox.count()
            await asyncio.sleep(CHANNELS_S)
