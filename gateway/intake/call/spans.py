"""A call's spans, made when it is over: nothing of them is done while its audio runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.intake.call.record import CallRecord
from gateway.telemetry import spans


def tell(record: CallRecord, ended_at: datetime) -> None:
    """The call from its INVITE on, how long it rang, and each piece of speech, ours and the caller's."""
    spans.record(
        "call",
        record.started_at,
        ended_at,
        entry=True,
        channel_id=record.channel_id,
        ticket_no=record.ticket_no,
        interaction_id=record.interaction_id,
    )
    if record.answered_at is None:
        return
    spans.record("ring", record.started_at, record.answered_at)
    for speaker, start_ms, end_ms in record.spoken:
        start, end = (record.answered_at + timedelta(milliseconds=ms) for ms in (start_ms, end_ms))
        spans.record(f"speech.{speaker}", start, end)
