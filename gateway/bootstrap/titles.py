"""Wires the writing of titles, where ``[title]`` names an endpoint."""

from __future__ import annotations

from gateway.bootstrap.this_process import ThisProcess
from gateway.intake.channel.lease import ChannelLease
from gateway.intake.ticket.titles import Titles
from gateway.ports.clock import Clock
from gateway.prefill.reader import PrefillReader
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.titling.endpoint import ChatEndpoint

LEASE = "title-endpoint"


def titles(
    settings: Settings, database: Database, *, prefill: PrefillReader, clock: Clock, process: ThisProcess
) -> Titles | None:
    """The duty of one worker; None where it is off."""
    given = settings.title
    if not given.url:
        return None
    lease = ChannelLease(leases=database.channel_leases, channel_id=LEASE, owner=process.owner, is_gone=process.is_gone)
    return Titles(
        writer=ChatEndpoint(
            url=given.url,
            model=given.model,
            token=given.token.get_secret_value(),
            timeout_s=given.timeout_s,
            max_chars=given.max_chars,
        ),
        store=database.changes,
        reader=database.reader,
        states=database.channel_states,
        prefill=prefill,
        clock=clock,
        max_chars=given.max_chars,
        lease=lease,
    )
