"""Interactions that nobody has ended yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInteraction:
    """An interaction without a disposition, as lease recovery sees it."""

    interaction_id: str
    ticket_id: str
    ticket_no: str
    channel: str
    channel_id: str
    node: str | None
    started_at: datetime
    answered_at: datetime | None
    lease_until: datetime | None
    from_raw: str | None
    recording_path: str | None
    external_id: str | None = None
