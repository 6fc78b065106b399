"""Wires the answering of telephone calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

from gateway.bootstrap.channels import after_hours
from gateway.bootstrap.foundation import Foundation
from gateway.intake.call.answer import CallAnswering, CallSettings
from gateway.intake.call.refused import RefusedCalls
from gateway.intake.call.schedule import Schedule
from gateway.intake.call.spool import SpoolingStore
from gateway.intake.call.texting import Texting
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.interprocess.connection import Peer
from gateway.interprocess.reader_client import READER, RemoteReader
from gateway.interprocess.run_dir import socket_path
from gateway.settings.sections import ChannelTable


class Voice:
    """The part that answers calls: their handler, and the spool."""

    def __init__(self, base: Foundation) -> None:
        """Starts nothing."""
        settings, store = base.settings, base.database.changes
        texting = base.configured.texting(settings.calls.sms_channel)
        self.spool = SpoolingStore(
            store=store, folder=settings.data_dir / "spool", name=quote(base.process.owner, safe="")
        )
        base.live.keep_besides(self.spool.waiting)
        self.refused = RefusedCalls(store=base.database.refused_calls, clock=base.clock, zone=settings.zone)
        self._schedule = Schedule(clock=base.clock, zone=settings.zone, after_hours=after_hours(settings.channel))
        self.calls = CallAnswering(
            store=store,
            spool=self.spool,
            recordings=base.recordings,
            recogniser=base.recogniser,
            engine=base.engine,
            reader=RemoteReader(Peer(socket_path(settings.data_dir, READER))),
            clock=base.clock,
            live=base.live,
            settings=CallSettings(
                ring_s=settings.calls.ring_s,
                callback_due=timedelta(seconds=settings.calls.callback_due_s),
                hotwords=settings.asr.hotwords,
                zone=settings.zone,
            ),
            texting=Texting(texting) if texting is not None else None,
            schedule=self._schedule,
            health=base.health,
            refused=self.refused,
            progress=ProgressByNumber(
                reader=base.database.reader,
                store=base.database.changes,
                attempts=base.database.login_attempts,
                clock=base.clock,
            ),
        )

    def take(self, tables: Sequence[ChannelTable]) -> None:
        """Calls that begin from now on go by the hours and flows of ``tables``."""
        usual = {table.id: table.options["flow"] for table in tables if "flow" in table.options}
        self._schedule.change(after_hours=after_hours(tables), usual=usual)
