"""Wires written conversations: intake, outbox, files; and what units are told."""

from __future__ import annotations

import random
from datetime import timedelta

from gateway.bootstrap.foundation import Foundation
from gateway.bootstrap.notices import UnitNotices
from gateway.intake.channel.outbox import OutboxWorker
from gateway.intake.channel.watchers import Watchers
from gateway.intake.contact.accept import ContactIntake
from gateway.intake.conversation.conversations import ConversationIntake
from gateway.intake.conversation.follow_up import City
from gateway.intake.conversation.idle import IdleCloser
from gateway.intake.conversation.proofs import TicketProofs
from gateway.intake.conversation.text_flow import TextFlow
from gateway.intake.media.worker import MediaWorker
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.media.decoding import SoundDecoder
from gateway.prefill.reader import PrefillReader
from gateway.web.catalogue import Catalogue


class WrittenContacts:
    """Conversations, what leaves, and what is fetched."""

    def __init__(self, base: Foundation) -> None:
        """Starts nothing. ``ConfigError`` lists what is wrong with the tables of the configuration's folder."""
        settings, database = base.settings, base.database
        self._database = database
        self.known = Catalogue.read(settings.config_dir)
        """What people choose from; for web and worker, too."""
        self.prefill = PrefillReader.of(settings.config_dir, settings.timezone)
        self.intake = ContactIntake(store=database.changes, prefill=self.prefill, clock=base.clock)
        city = City(zone=settings.zone, unit=base.tables.unit_name)
        flow = TextFlow(engine=base.engine, prefill=self.prefill, city=city)
        self.progress = ProgressByNumber(
            reader=database.reader, store=database.changes, attempts=database.login_attempts, clock=base.clock
        )
        callback_due = timedelta(seconds=settings.calls.callback_due_s)
        self._watchers = watchers = Watchers()
        self.conversations = ConversationIntake(
            store=database.changes,
            reads=database.conversations,
            flow=flow,
            files=base.files,
            watchers=watchers,
            health=base.health,
            clock=base.clock,
            callback_due=callback_due,
            proofs=TicketProofs(self.progress),
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
            next_todo=database.committed.next_todo,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.media = MediaWorker(
            store=database.changes,
            attachments=database.attachments,
            conversations=self.conversations,
            flow=flow,
            files=base.files,
            channels=base.here,
            clock=base.clock,
            owner=base.process.owner,
            callback_due=callback_due,
            next_todo=database.committed.next_todo,
            transcribe=base.recogniser.transcribe if base.recogniser else None,
            decoder=SoundDecoder(),
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.notices = UnitNotices(base)
        self.idle = IdleCloser(
            conversations=self.conversations,
            reads=database.conversations,
            clock=base.clock,
            idle_close_s=settings.conversations.idle_close_s,
            steady_s=database.leases.steady_s,
        )

    async def follow(self) -> None:
        """Wake whoever waits for what other processes write to conversations, until cancelled."""
        self._watchers.hear(None)  # what was written before this began
        async for commits in self._database.committed.others():
            for commit in commits:
                self._watchers.hear(commit.threads)
