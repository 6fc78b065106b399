"""Answering a telephone call: commit, answer, record, run the flow, transcribe, close. One task a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from pathlib import Path
from typing import Any

from gateway.calls.dialogue import Dialogue
from gateway.calls.keys import Keys
from gateway.calls.listener import Listener
from gateway.domain.words import Disposition
from gateway.errors import CallEnded, Conflict, StoreUnavailable
from gateway.intake.call import spans as call_spans
from gateway.intake.call.flow import FlowOnCall
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.progress import CallProgress
from gateway.intake.call.record import CallRecord
from gateway.intake.call.schedule import Schedule
from gateway.intake.call.spooled import CallStore
from gateway.intake.call.texting import Texting
from gateway.intake.channel.health import HealthBoard
from gateway.intake.ticket.progress import ProgressByNumber
from gateway.ivr.engine import FlowEngine
from gateway.ports.call import CallLeg, EndReason
from gateway.ports.clock import Clock
from gateway.ports.recogniser import Recogniser
from gateway.ports.recordings import FinishedRecording, Recordings, RecordingWriter
from gateway.ports.refused_call import OnRefusedCall
from gateway.ports.speech import SpeechReader
from gateway.ports.store import CommandStore
from gateway.telemetry import log, metrics, trace

RETRY_AFTER_S = 5
RECORDING_BEGINS_S = 1.0
"""How long an answer waits for its recording's file; a slower disk costs the recording, not the call."""
TAIL_S = 120.0
"""How long a finished call waits here for its last words; after that catch-up transcribes from the recording."""
_log = log.get("call")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSettings:
    """How calls are answered; see ``[calls]`` in the configuration."""

    ring_s: float
    callback_due: timedelta
    hotwords: Sequence[str] = ()
    zone: tzinfo = UTC
    """The city's, in which callers are told days."""
    spool_when_down: bool = True
    """Answer even when SQL cannot commit. Off behind a proxy, which fails over on our 503."""


class CallAnswering:
    """A ``CallHandler``: one instance serves all calls of a process."""

    def __init__(
        self,
        *,
        store: CommandStore,
        spool: CallStore,
        recordings: Recordings,
        recogniser: Recogniser | None,
        engine: FlowEngine,
        reader: SpeechReader,
        clock: Clock,
        live: LiveInteractions,
        settings: CallSettings,
        schedule: Schedule,
        health: HealthBoard,
        refused: OnRefusedCall,
        texting: Texting | None = None,
        progress: ProgressByNumber | None = None,
    ) -> None:
        """``spool`` takes what ``store`` refuses once a call is up; ``refused`` hears of calls that it cannot take.

        ``texting`` sends callers their ticket's number; ``progress`` tells them how one stands whose number they give.
        """
        self._progress = progress
        self._store = store
        self._spool = spool
        self._recordings = recordings
        self._recogniser = recogniser
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._live = live
        self._settings = settings
        self._schedule = schedule
        self._health = health
        self._refused = refused
        self._texting = texting
        self._tails: set[asyncio.Task[None]] = set()

    async def __call__(self, leg: CallLeg) -> None:
        """Handle ``leg`` from INVITE to its end. Never raises but for cancellation: then the call is interrupted."""
        with trace.scope(trace.of(leg.info.external_id)):
            record = self._record(leg)
            try:
                await self._call(leg, record)
            finally:
                call_spans.tell(record, self._clock.now())

    def _record(self, leg: CallLeg) -> CallRecord:
        return CallRecord(
            store=self._spool if self._settings.spool_when_down else self._store,
            reader=self._reader,
            clock=self._clock,
            info=leg.info,
            node=self._live.node,
            owner=self._live.owner,
            lease=self._live.lease,
            callback_due=self._settings.callback_due,
            texting=self._texting,
        )

    async def _call(self, leg: CallLeg, record: CallRecord) -> None:
        state = self._engine.begin(self._schedule.flow(leg.info.channel_id, leg.info.flow))
        leg.ring()
        try:
            applied = await record.open(
                {"name": state.flow, "version": state.version},
                self._recordings.location(record.interaction_id, record.started_at),
            )
        except (StoreUnavailable, Conflict) as error:
            _log.error("call_refused_store_unavailable", channel_id=leg.info.channel_id, exc_info=error)
            with suppress(CallEnded):
                await leg.reject(503, "Service Unavailable", retry_after_s=RETRY_AFTER_S)
            self._refused(leg.info, "store", await leg.proved())
            return
        self._health.inbound(leg.info.channel_id)
        _log.info(
            "contact_committed",
            channel_id=leg.info.channel_id,
            ticket_no=applied.ticket_no,
            interaction_id=record.interaction_id,
            replayed=applied.replayed,
        )
        if applied.replayed:
            # The same Call-ID and From tag: an earlier process committed it and died before its 200.
            _log.warning("call_seen_before", interaction_id=record.interaction_id)
            await self._live.adopt(record.interaction_id)
        self._live.add(record.interaction_id)
        try:
            await self._serve(leg, record, state)
        finally:
            if not any(task.get_name() == record.interaction_id for task in self._tails):
                self._live.discard(record.interaction_id)

    async def _serve(self, leg: CallLeg, record: CallRecord, state: Any) -> None:
        if self._settings.ring_s:
            await asyncio.wait({leg.ended}, timeout=self._settings.ring_s)
        # Before the 200: should this process die right after it, the file tells that the call was answered.
        writer = self._recordings.start(record.interaction_id, record.started_at)
        await writer.begun(RECORDING_BEGINS_S)
        try:
            await leg.answer()
        except CallEnded:
            await asyncio.to_thread(writer.close)
            ours = leg.ended.done() and leg.ended.result() is EndReason.WE_HUNG_UP
            disposition = Disposition.INTERRUPTED if ours else Disposition.ABANDONED_BEFORE_ANSWER
            await self._close(leg, record, disposition, None, None, Keys())
            return
        listener = self._listener(record, self._recordings.path(writer.location))

        def sink(caller: bytes, ours: bytes) -> None:
            writer.write(caller, ours)
            listener.hear(caller)

        with suppress(CallEnded):  # hung up in the moment of the answer
            leg.set_sink(sink)
        keys = Keys()
        recognition = asyncio.create_task(listener.run(), name=f"recognition-{record.interaction_id}")
        flow = FlowOnCall(
            engine=self._engine,
            state=state,
            record=record,
            dialogue=Dialogue(leg, listener, keys),
            heard_ms=lambda: listener.now_ms,
            progress=self._asking(record),
        )
        disposition = Disposition.INTERRUPTED
        try:
            await record.answered()
            disposition = await self._talk(leg, flow, keys)
        finally:
            leg.set_sink(None)
            listener.finish()
            finished = await asyncio.shield(asyncio.to_thread(_close_recording, writer))
            await asyncio.shield(self._close(leg, record, disposition, finished, listener, keys))
            if finished is None and not listener.now_ms:
                recognition.cancel()
            self._follow(record, listener, recognition)

    def _asking(self, record: CallRecord) -> CallProgress | None:
        progress = self._progress
        if progress is None:
            return None
        return CallProgress(progress, record.phone or record.interaction_id, self._settings.zone)

    async def _talk(self, leg: CallLeg, flow: FlowOnCall, keys: Keys) -> Disposition:
        """Run the flow until it ends or the leg does; how the call ended."""
        talking = asyncio.create_task(flow.run())
        pressing = asyncio.create_task(keys.run(leg))
        over: set[asyncio.Future[Any]] = {talking, leg.ended}
        try:
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pressing.cancel()
            if not talking.done():
                talking.cancel()
            results = await asyncio.gather(talking, pressing, return_exceptions=True)
        failure = results[0]
        if isinstance(failure, Exception) and not isinstance(failure, CallEnded):
            _log.error("flow_failed", flow=flow.state.flow, step=flow.state.step, exc_info=failure)
        await leg.hangup()
        reason = await leg.ended
        return flow.disposition(
            hung_up=reason is EndReason.CALLER_HUNG_UP,
            lost=reason in {EndReason.MEDIA_LOST, EndReason.SIGNALLING_LOST} or isinstance(failure, StoreUnavailable),
        )

    def _listener(self, record: CallRecord, recording: Path) -> Listener:
        stream = (
            self._recogniser.open(hotwords=self._settings.hotwords, recording=recording)
            if self._recogniser is not None
            else None
        )
        return Listener(stream=stream, on_final=record.heard)

    async def _close(
        self,
        leg: CallLeg,
        record: CallRecord,
        disposition: Disposition,
        finished: FinishedRecording | None,
        listener: Listener | None,
        keys: Keys,
    ) -> None:
        metrics.CALLS.labels(leg.info.channel_id, disposition.value).inc()
        proved = await leg.proved()
        await self._retrying(
            lambda: record.close(
                disposition=disposition,
                proved=proved,
                keys=keys.pressed,
                recording=finished,
                spoken_ms=listener.spoken_ms if listener else 0,
                transcribed=listener is None,
                media=leg.started_media,
            ),
        )
        if finished is None:
            await self._retrying(lambda: record.transcribed(speech_ms=listener.speech_ms if listener else 0))

    def _follow(self, record: CallRecord, listener: Listener, recognition: asyncio.Task[None]) -> None:
        """Let the recogniser finish behind the call's back."""

        async def tail() -> None:
            try:
                done, _ = await asyncio.wait({recognition}, timeout=TAIL_S)
                if not done:
                    recognition.cancel()
                with suppress(asyncio.CancelledError):
                    await recognition
                if listener.complete and self._recogniser is not None:
                    await record.transcribed(speech_ms=listener.speech_ms)
            except Exception as error:  # noqa: BLE001 - the ticket stays pending, catch-up transcribes it
                _log.error("recognition_failed", interaction_id=record.interaction_id, exc_info=error)
            finally:
                self._live.discard(record.interaction_id)

        task = asyncio.create_task(tail(), name=record.interaction_id)
        self._tails.add(task)
        task.add_done_callback(self._tails.discard)

    async def _retrying(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write, or leave it to lease recovery: nothing more can be done here."""
        try:
            await write()
        except StoreUnavailable as error:
            _log.error("close_left_to_recovery", exc_info=error)

    async def drain_tails(self, timeout_s: float) -> None:
        """At shutdown: give the last words a moment to arrive."""
        if self._tails:
            await asyncio.wait(set(self._tails), timeout=timeout_s)


def _close_recording(writer: RecordingWriter) -> FinishedRecording | None:
    return writer.close()
