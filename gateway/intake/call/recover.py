"""Recovery: closes the calls of processes that died as ``interrupted`` and transcribes what they left unheard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from gateway.domain.callback import owed, owed_after
from gateway.domain.guess import NOTHING_READ
from gateway.domain.ids import from_rfc3339
from gateway.domain.open_interaction import OpenInteraction
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition, Speaker
from gateway.errors import AlreadyErased, NotFound, RecogniserUnavailable
from gateway.following.poll import every
from gateway.intake.call.finish import InterruptCall
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.record import end_of, heard_segment, recording_of
from gateway.intake.call.talk import CompleteTranscript
from gateway.ports.clock import Clock
from gateway.ports.recogniser import Final
from gateway.ports.recordings import Recordings
from gateway.ports.store import CommandStore, LeaseStore, TicketReader
from gateway.prefill.danger import danger_said, raised_in, with_danger
from gateway.prefill.reader import PrefillReader
from gateway.prefill.said import understand
from gateway.telemetry import log, metrics, trace

LOOK_S = 1.0
"""How often owners that are gone are looked for."""
_log = log.get("recovery")
Transcribe = Callable[[Path, int], Awaitable[list[Final]]]
"""Transcribe a recording's caller track from a millisecond on; ``RecogniserUnavailable`` when it cannot now."""


class Recovery:
    """Runs in a worker; several may, since every step is idempotent.

    What a process of this machine left that is known to be gone is closed within a second; what others own, when this
    process has seen it unrenewed for a whole lease while the store answered: else they could not renew it.
    """

    def __init__(
        self,
        *,
        store: CommandStore,
        reader: TicketReader,
        leases: LeaseStore,
        recordings: Recordings,
        prefill: PrefillReader,
        clock: Clock,
        live: LiveInteractions,
        callback_due: timedelta,
        transcribe: Transcribe | None,
        is_gone: Callable[[str], bool],
    ) -> None:
        """``transcribe`` None: no recogniser is configured, tickets stay pending. ``is_gone``: see ``LeaseStore``."""
        self._is_gone = is_gone
        self._pause_s = live.lease.total_seconds() / 3
        self._sweep_at = clock.monotonic()
        self._store = store
        self._reader = reader
        self._leases = leases
        self._recordings = recordings
        self._prefill = prefill
        self._clock = clock
        self._live = live
        self._callback_due = callback_due
        self._transcribe = transcribe

    async def run(self) -> None:
        """Sweep and catch up until cancelled. Neither waits for the other: transcribing may take minutes."""
        away = partial(_log.warning, "recovery_waits_for_store")
        async with asyncio.TaskGroup() as group:
            group.create_task(every(min(LOOK_S, self._pause_s), self._look, away), name="recovery-sweep")
            group.create_task(every(self._pause_s, self._catch_up_if_heard, away), name="recovery-catch-up")

    async def _look(self) -> None:
        if self._clock.monotonic() < self._sweep_at:
            await self.close_gone()
            return
        await self.sweep()
        self._sweep_at = self._clock.monotonic() + self._pause_s

    async def _catch_up_if_heard(self) -> None:
        try:
            await self.catch_up()
        except RecogniserUnavailable as error:
            _log.warning("recovery_waits_for_recogniser", exc_info=error)

    async def sweep(self) -> int:
        """Close every interaction whose owner is gone, or whose lease ran out though it could renew it; how many."""
        closed = await self.close_gone()
        await self._reader.ping()  # that the store can be read says nothing of renewals
        return closed + await self._interrupt_all(await self._leases.run_out(self._live.lease.total_seconds()))

    async def close_gone(self) -> int:
        """Close what belongs to processes that are known to be gone; how many."""
        await self._leases.release(self._is_gone)
        return await self._interrupt_all(await self._leases.released())

    async def _interrupt_all(self, left: Sequence[OpenInteraction]) -> int:
        others = [interaction for interaction in left if interaction.interaction_id not in self._live]
        done = 0
        for interaction in others:
            with _way_of(interaction):
                done += await self._interrupt(interaction)
        return done

    async def _interrupt(self, interaction: OpenInteraction) -> bool:
        """Close it; False when another worker was faster."""
        now = self._clock.now()
        finished = (
            await asyncio.to_thread(self._recordings.finish, interaction.recording_path)
            if interaction.recording_path
            else None
        )
        # Between its 200 and the commit that tells of it, only the audio knows that a call was answered.
        answered_at = interaction.answered_at or (interaction.started_at if finished else None)
        disposition = Disposition.INTERRUPTED if answered_at else Disposition.ABANDONED_BEFORE_ANSWER
        # Audio runs from the ACK on. Without one the number may be anybody's: nobody is called back.
        proved = interaction.answered_at is not None or (finished is not None and finished.duration_s > 0)
        duration_s = finished.duration_s if finished else 0.0
        applied = await self._store.execute(
            InterruptCall(
                at=now,
                ticket_id=interaction.ticket_id,
                interaction_id=interaction.interaction_id,
                disposition=disposition,
                answered_at=answered_at,
                ended_at=end_of(interaction.started_at, answered_at, duration_s),
                recording=recording_of(finished),
                callback=owed(owed_after(disposition, proved=proved), now, self._callback_due),
            ),
        )
        if applied.skipped:
            return False
        metrics.CALLS.labels(interaction.channel_id, disposition.value).inc()
        _log.warning("interaction_recovered", interaction_id=interaction.interaction_id)
        return True

    async def catch_up(self) -> int:
        """Transcribe recordings whose ticket still says pending; how many were done."""
        if self._transcribe is None:
            return 0
        found = await self._leases.untranscribed(self._live.lease.total_seconds(), self._is_gone)
        waiting = [i for i in found if i.interaction_id not in self._live]
        for interaction in waiting:
            with _way_of(interaction):
                try:
                    await self._catch_up(interaction, self._transcribe)
                except AlreadyErased as error:
                    _log.warning("transcript_erased", interaction_id=interaction.interaction_id, exc_info=error)
        return len(waiting)

    async def _catch_up(self, interaction: OpenInteraction, transcribe: Transcribe) -> None:
        record = await self._reader.ticket(interaction.ticket_id)
        own = next(i for i in record["interactions"] if i["interaction_id"] == interaction.interaction_id)
        spoken = [s for s in own["transcript"] if s["speaker"] == Speaker.REQUESTER]
        after_ms = max((s["end_ms"] for s in spoken), default=0)
        seq = max((s["seq"] for s in own["transcript"]), default=0)
        finals: list[Final] = []
        try:
            path = self._recordings.path(interaction.recording_path or "")
            finals = await transcribe(path, after_ms)
        except NotFound as error:
            _log.error("recording_missing", interaction_id=interaction.interaction_id, exc_info=error)
        caught_up = [heard_segment(Speaker.REQUESTER, seq + n, f) for n, f in enumerate(finals, start=1)]
        said = [*map(_stored, spoken), *caught_up]
        now = self._clock.now()
        began = from_rfc3339(own["started_at"])
        # What a call said while nobody read was not put right either: all of it is new.
        read = await asyncio.to_thread(understand, self._prefill, said, began, new=len(said)) if said else None
        reading = with_danger(read.reading if read else NOTHING_READ, danger_said(segment.text for segment in said))
        raised = raised_in(reading.guesses) if not record["demand"]["emergency"] else None
        await self._store.execute(
            CompleteTranscript(
                at=now,
                ticket_id=interaction.ticket_id,
                interaction_id=interaction.interaction_id,
                heard=len(said),
                segments=read.said[len(spoken) :] if read else (),
                # Else as the call's end left it: who was heard speaking and cannot be understood is kept for a person.
                empty=False if said else None,
                guesses=reading.guesses,
                mentions=reading.mentions,
                caught_up=True,
                late_s=round((now - from_rfc3339(own["ended_at"])).total_seconds(), 1),
                emergencies=(raised,) if raised is not None else (),
            ),
        )


def _stored(segment: Mapping[str, Any]) -> NewSegment:
    """A segment of a record's transcript."""
    names = ("seq", "speaker", "start_ms", "end_ms", "text", "language", "confidence", "engine", "corrected_text")
    return NewSegment(**{name: segment[name] for name in names})


def _way_of(interaction: OpenInteraction) -> AbstractContextManager[str]:
    """What is done for a call whose owner is gone is told under the call's own id."""
    return trace.scope(trace.of(interaction.external_id) if interaction.external_id else None)
