"""A scripted caller on a call leg."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

from gateway.calls.dialogue import Dialogue
from gateway.calls.keys import Keys
from gateway.calls.listener import Listener
from gateway.domain.command import Applied
from gateway.domain.ids import new_ulid
from gateway.domain.journal import Journal
from gateway.domain.world import World
from gateway.edge.system_clock import SystemClock
from gateway.errors import CallEnded, StoreUnavailable
from gateway.intake.call.flow import FlowOnCall
from gateway.intake.call.progress import CallProgress
from gateway.intake.call.record import CallRecord
from gateway.intake.call.spooled import OfCall
from gateway.ivr.engine import FlowEngine
from gateway.ports.call import FRAME_MS, CallInfo, EndReason
from tests.support.fakes.reading import ReaderHere
from tests.support.fakes.recogniser import ScriptedRecogniser
from tests.support.reading import city_prefill
from tests.support.sounds import QUIET, frames, speech

ROOT = Path(__file__).resolve().parents[3]
LAMP = speech()


class _Playback:
    def __init__(self, alaw: bytes) -> None:
        self.frames = frames(alaw)
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.played_ms = 0

    def stop(self) -> None:
        if not self.done.done():
            self.done.set_result(False)

    async def wait(self) -> bool:
        return await asyncio.shield(self.done)


class Leg:
    """The caller's end. ``listener`` hears what they say; ``heard`` is what was played to them."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self.stopped = 0
        self.now_s = 0.0
        self.sink: Callable[[bytes], None] = lambda _: None
        self._quiet_s = 0.0
        self._heard_prompt = False
        self._playback: _Playback | None = None
        self._speech: list[bytes] = []
        self._spoken: asyncio.Event = asyncio.Event()
        self._keys: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        while not self.ended.done():
            await asyncio.sleep(FRAME_MS / 1000)
            self.now_s += FRAME_MS / 1000
            playback = self._playback
            if playback is not None and playback.frames and not playback.done.done():
                playback.frames.pop(0)
                self._quiet_s, self._heard_prompt = 0.0, True
                if not playback.frames:
                    playback.done.set_result(True)
            else:
                self._quiet_s += FRAME_MS / 1000
            self.sink(self._speech.pop(0) if self._speech else QUIET)
            if not self._speech:
                self._spoken.set()

    def play(self, alaw: bytes) -> _Playback:
        if self.ended.done():
            raise CallEnded("gone")
        if self._playback is not None:
            self._playback.stop()
        self._playback = _Playback(alaw)
        return self._playback

    async def dtmf(self) -> str:
        return await self._keys.get()

    def press(self, key: str) -> None:
        self._keys.put_nowait(key)

    async def speak(self, alaw: bytes) -> None:
        self._spoken.clear()
        self._speech = frames(alaw)
        await self._spoken.wait()

    async def prompted(self) -> None:
        """Until a prompt has been heard from now on and has ended."""
        self._heard_prompt = False
        while not (self._heard_prompt and self._quiet_s > 0.5):
            await asyncio.sleep(FRAME_MS / 1000)

    @property
    def hears_something(self) -> bool:
        return self._quiet_s < 0.1


class Store:
    """Has commands decided in memory; ``down`` makes it refuse."""

    def __init__(self) -> None:
        self.commands: list[OfCall] = []
        self.world = World(journal=Journal(0), zone=UTC, new_id=new_ulid)
        self.down = False

    async def execute(self, command: OfCall) -> Applied:
        if self.down:
            raise StoreUnavailable("down")
        self.commands.append(command)
        since = len(self.world.journal.entries)
        applied = command.decide(self.world)
        self.world.finish(since, applied)
        return replace(applied, ticket_no="202611230000001")

    @property
    def events(self) -> list[str]:
        return [recorded.event.TYPE for recorded in self.world.journal.entries]


class Call:
    """One call of ``flow``, with everything real between the leg and the store."""

    def __init__(self, engine: FlowEngine, flow: str, progress: CallProgress | None = None) -> None:
        self.leg, self.store, self.recognition = Leg(), Store(), ScriptedRecogniser()
        info = CallInfo(
            channel_id="hotline",
            call_id="c",
            external_id="c;f",
            from_raw="",
            to_raw="",
            from_user="13800000000",
            to_user="12345",
        )
        self.record = CallRecord(
            store=self.store,
            reader=ReaderHere(city_prefill()),
            clock=SystemClock(),
            info=info,
            node="n",
            lease=timedelta(seconds=15),
            callback_due=timedelta(seconds=1800),
        )
        self.listener = Listener(stream=self.recognition, on_final=self.record.heard)
        self.leg.sink = self.listener.hear
        self.keys = Keys()
        self.flow = FlowOnCall(
            engine=engine,
            state=engine.begin(flow),
            record=self.record,
            dialogue=Dialogue(self.leg, self.listener, self.keys),
            heard_ms=lambda: self.listener.now_ms,
            progress=progress,
        )

    async def run(self, caller: Callable[[Call], Awaitable[None]]) -> None:
        """Until the flow has ended or the caller has hung up."""
        await self.record.open(
            {"name": self.flow.state.flow, "version": self.flow.state.version}, "2026/01/01/none.wav"
        )
        tasks = [asyncio.ensure_future(work) for work in (self.leg.run(), self.keys.run(self.leg), self.listener.run())]
        talking = asyncio.ensure_future(self.flow.run())
        calling = asyncio.ensure_future(caller(self))
        try:
            await asyncio.wait({talking, self.leg.ended}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                talking.result()
            if calling.done():
                calling.result()
        finally:
            for task in (*tasks, talking, calling):
                task.cancel()
            await asyncio.gather(*tasks, talking, calling, return_exceptions=True)

    async def says(self, alaw: bytes, text: str, language: str = "zh") -> None:
        """Speak; the recogniser understands ``text`` half a second later."""
        await self.leg.speak(alaw)
        end_ms = self.listener.now_ms
        await asyncio.sleep(0.5)
        self.recognition.understand(text, end_ms, language)

    @property
    def said(self) -> str:
        """Everything we said, as the transcript has it or will have it with the next change."""
        written = [segment for _, segment in self.store.world.new_words]
        return "".join(s.text for s in (*written, *self.record._prompts) if s.speaker == "bot")
