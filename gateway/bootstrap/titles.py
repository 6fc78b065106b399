"""Wires the writing of titles, where ``[title]`` names an endpoint."""

from __future__ import annotations

from gateway.following.lease import Lease
from gateway.intake.ticket.titles import Titles
from gateway.ports.clock import Clock
from gateway.prefill.reader import PrefillReader
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.titling.endpoint import ChatEndpoint

LEASE = ":titles"
"""No channel can be called so."""


def titles(
    settings: Settings, database: Database, *, prefill: PrefillReader, clock: Clock, lease: Lease
) -> Titles | None:
    """The duty of one worker; None where it is off."""
    given = settings.title
    if not given.url:
        return None
    return Titles(
        make_writer=lambda: ChatEndpoint(
            url=given.url,
            model=given.model,
            token=given.token.get_secret_value(),
            timeout_s=given.timeout_s,
            max_chars=given.max_chars,
        ),
        store=database.changes,
        reader=database.reader,
        cursors=database.channel_states,
        next_commit=database.committed.next,
        prefill=prefill,
        clock=clock,
        max_chars=given.max_chars,
        lease=lease,
    )
