"""A caller's leg with the caller on it."""

from __future__ import annotations

import asyncio

from gateway.errors import CallEnded
from gateway.ports.call import FRAME_MS, CallInfo, EndReason, FrameSink
from tests.support.sounds import QUIET, frames, speech

PAUSE_S = 0.8
"""A prompt that has been over for so long has ended."""
PATIENCE_S = 25.0
"""A caller to whom nothing is said for so long goes on, or hangs up."""
LISTENS_S = 90.0
"""Nobody listens to one prompt for longer."""


class _Playback:
    def __init__(self, alaw: bytes) -> None:
        self.left = frames(alaw)[::-1]
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.played_ms = 0

    def stop(self) -> None:
        if not self.done.done():
            self.done.set_result(False)

    async def wait(self) -> bool:
        return await asyncio.shield(self.done)


class Phone:
    """A caller's leg, and the caller. Implements ``CallLeg``."""

    on_hold = False
    started_media = True

    def __init__(self, info: CallInfo) -> None:
        self.info = info
        self.ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self.heard_ms = 0
        self._sink: FrameSink | None = None
        self._playback: _Playback | None = None
        self._speech: list[bytes] = []
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._quiet_s = 0.0
        self._prompted = False

    # -- what the gateway does -----------------------------------------------------------------------------------------

    def ring(self) -> None:
        pass

    async def answer(self) -> None:
        if self.ended.done():
            raise CallEnded("gone")

    async def proved(self) -> bool:
        return True

    async def reject(self, status: int, reason: str, *, retry_after_s: int | None = None) -> None:
        self._end(EndReason.REJECTED)

    def play(self, alaw: bytes) -> _Playback:
        if self.ended.done():
            raise CallEnded("gone")
        if self._playback is not None:
            self._playback.stop()
        self._playback = _Playback(alaw)
        return self._playback

    def set_sink(self, sink: FrameSink | None) -> None:
        self._sink = sink

    async def dtmf(self) -> str:
        return await self._keys.get()

    def pending_dtmf(self) -> bool:
        return not self._keys.empty()

    async def hangup(self, cause: str = "normal") -> None:
        self._end(EndReason.WE_HUNG_UP)

    # -- what the caller does ------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """Hang up."""
        self._end(EndReason.CALLER_HUNG_UP)

    def press(self, key: str) -> None:
        """Press a key."""
        self._keys.put_nowait(key)

    async def speak(self, ms: int) -> None:
        """Say something for so long."""
        alaw = (speech() * (8 * ms // len(speech()) + 1))[: 8 * ms]
        self._speech = frames(alaw)
        while self._speech and not self.ended.done():
            await asyncio.sleep(FRAME_MS / 1000)

    async def listen(self) -> None:
        """Until a prompt has been heard, from now on, and is over; nobody waits for one for ever."""
        self._prompted = False
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self.ended.done():
            waited = loop.time() - began
            if (self._prompted and self._quiet_s >= PAUSE_S) or waited > LISTENS_S:
                return
            if not self._prompted and waited > PATIENCE_S:
                return
            await asyncio.sleep(FRAME_MS / 1000)

    async def stay(self) -> None:
        """Say nothing more; until the call is over, or nothing has been said to the caller for long."""
        while not self.ended.done() and self._quiet_s < PATIENCE_S:
            await asyncio.sleep(FRAME_MS / 1000)

    async def run(self) -> None:
        """The media, until the call is over."""
        while not self.ended.done():
            await asyncio.sleep(FRAME_MS / 1000)
            playback = self._playback
            if playback is not None and playback.left and not playback.done.done():
                ours = playback.left.pop()
                playback.played_ms += FRAME_MS
                self._quiet_s, self._prompted = 0.0, True
                if not playback.left:
                    playback.done.set_result(True)
            else:
                ours = QUIET
                self._quiet_s += FRAME_MS / 1000
            if self._sink is not None:
                self.heard_ms += FRAME_MS
                self._sink(self._speech.pop(0) if self._speech else QUIET, ours)

    def _end(self, reason: EndReason) -> None:
        if self.ended.done():
            return
        self.ended.set_result(reason)
        if self._playback is not None and not self._playback.done.done():
            self._playback.done.set_exception(CallEnded("gone"))
            self._playback.done.exception()
