"""What becomes of calls whose process died: who is called back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.domain.command import Applied, Command
from gateway.domain.open_interaction import OpenInteraction
from gateway.edge.system_clock import SystemClock
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.recover import Recovery
from gateway.ports.recordings import FinishedRecording

pytestmark = pytest.mark.unit

NOON = datetime(2026, 11, 29, 4, 0, tzinfo=UTC)


class Kept:
    """A ``CommandStore`` that keeps what it is given."""

    def __init__(self) -> None:
        self.commands: list[Any] = []

    async def execute(self, command: Command) -> Applied:
        self.commands.append(command)
        return Applied(ticket_id="t", ticket_no="20261129000001", interaction_id="i", version=1, event_seq=1)


def recording(duration_s: float) -> FinishedRecording:
    return FinishedRecording(location="r.wav", duration_s=duration_s, sha256="0" * 64, bytes=58)


@pytest.mark.parametrize(
    ("answered_at", "finished", "disposition", "called_back"),
    [
        (NOON, recording(3.0), "interrupted", True),
        (NOON, recording(0.0), "interrupted", True),
        (None, recording(0.1), "interrupted", True),
        (None, recording(0.0), "interrupted", False),
        (None, None, "abandoned_before_answer", False),
    ],
)
async def test_whose_call_was_never_acknowledged_is_not_called_back(
    answered_at: datetime | None, finished: FinishedRecording | None, disposition: str, *, called_back: bool
) -> None:
    store, at = Kept(), NOON
    interaction = OpenInteraction(
        interaction_id="i",
        ticket_id="t",
        ticket_no="20261129000001",
        channel="sip",
        channel_id="hotline",
        node="gone",
        started_at=at,
        answered_at=answered_at,
        lease_until=at,
        from_raw="<sip:13800000000@192.0.2.9>",
        recording_path="r.wav",
    )

    async def release(_is_gone: object) -> int:
        return 1

    async def released() -> list[OpenInteraction]:
        return [interaction]

    unused: Any = None
    leases: Any = SimpleNamespace(release=release, released=released)  # all that is asked of it
    recovery = Recovery(
        store=store,
        reader=unused,
        leases=leases,
        recordings=SimpleNamespace(finish=lambda _path: finished),  # type: ignore[arg-type]  # as above
        prefill=unused,
        clock=SystemClock(),
        live=LiveInteractions(leases=leases, clock=SystemClock(), node="here", owner="here-1", lease_s=15),
        callback_due=timedelta(hours=1),
        transcribe=None,
        is_gone=lambda _owner: True,
    )
    assert await recovery.close_gone() == 1
    (command,) = store.commands
    assert command.disposition == disposition
    assert (command.callback is not None) is called_back
