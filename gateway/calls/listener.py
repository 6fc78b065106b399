"""The caller's audio: speech detection and recognised text. Fed once a frame by the media clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.media.vad import VoiceDetector
from gateway.ports.call import FRAME_MS
from gateway.ports.recogniser import Final, RecognitionStream

BEGIN_WINDOW_MS = 400
WINDOW_FRAMES = BEGIN_WINDOW_MS // FRAME_MS
BATCH_FRAMES = 3
"""Frames are examined in batches of 60 ms."""
BEGIN_VOICED_MS = 260
"""Voiced part of the window from which speech has begun: shorter sounds are coughs, clicks and echo."""
END_SLACK_MS = 600
"""A segment's last words may be trimmed by the recogniser's own detector by this much."""

Heard = Callable[[Final], Awaitable[None]]


class Listener:
    """Speech detection and transcript of one caller. ``hear`` takes each frame; the other methods wait for its results.

    All ``_ms`` are milliseconds of audio since the listener began.
    """

    def __init__(self, *, stream: RecognitionStream | None, on_final: Heard) -> None:
        """Feed ``stream`` (None: no recogniser) and hand every finished segment to ``on_final``."""
        self._stream = stream
        self._on_final = on_final
        self._detector = VoiceDetector()
        self._frames: list[bytes] = []
        self._window: deque[bool] = deque([False] * WINDOW_FRAMES, maxlen=WINDOW_FRAMES)
        self._voiced_in_window = 0
        self._last_voice_ms = 0
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._finals: list[Final] = []
        self._silence_since: int | None = 0
        self.now_ms = 0
        self.spoken_ms = 0
        self.speech_began_ms = 0
        self.complete = stream is None

    def hear(self, frame: bytes) -> None:
        """Take 20 ms of the caller (160 A-law bytes)."""
        self._frames.append(frame)
        if len(self._frames) == BATCH_FRAMES:
            self._take()

    def _take(self) -> None:
        """Look at the frames gathered: in batches, since this is most of what a call costs."""
        frames, self._frames = self._frames, []
        for frame in frames:
            self._observe(voiced=self._detector.voiced(frame))
        if self._stream is not None:
            self._stream.push(b"".join(frames))
        for predicate, future in self._waiters:
            if predicate() and not future.done():
                future.set_result(None)

    def _observe(self, *, voiced: bool) -> None:
        self.now_ms += FRAME_MS
        self._voiced_in_window += voiced - self._window[0]
        self._window.append(voiced)
        if self._silence_since is None:
            if voiced:
                self.spoken_ms += FRAME_MS
                self._last_voice_ms = self.now_ms
            elif self.now_ms - self._last_voice_ms >= BEGIN_WINDOW_MS:
                self._silence_since = self._last_voice_ms
        elif self._voiced_in_window * FRAME_MS >= BEGIN_VOICED_MS:
            self._silence_since = None
            self._last_voice_ms = self.now_ms
            self.speech_began_ms = max(0, self.now_ms - BEGIN_WINDOW_MS)
            self.spoken_ms += self._voiced_in_window * FRAME_MS

    @property
    def speech_ms(self) -> int:
        """Milliseconds of speech: the recogniser's count where it gives one (music is none), else this detector's.

        ``spoken_ms`` is there at once and takes other lively sounds, music too, for speech.
        """
        found = self._stream.speech_ms if self._stream is not None else None
        return self.spoken_ms if found is None else found

    @property
    def speaking(self) -> bool:
        """Whether the caller is speaking now."""
        return self._silence_since is None

    async def speech(self, after_ms: int) -> None:
        """Wait until the caller speaks, at some moment after ``after_ms``."""
        await self._until(lambda: self.speaking and self._last_voice_ms > after_ms)

    async def pause(self, silence_ms: int) -> None:
        """Wait until the caller has been silent for ``silence_ms``."""
        await self._until(lambda: self.now_ms - self._last_voice_ms >= silence_ms)

    async def understood(self, until_ms: int, timeout_s: float) -> bool:
        """Wait until the recogniser has given text up to ``until_ms``; False when it has not in ``timeout_s``."""
        if self._stream is None:
            return False
        try:
            async with asyncio.timeout(timeout_s):
                await self._until(lambda: bool(self._finals) and self._finals[-1].end_ms >= until_ms - END_SLACK_MS)
        except TimeoutError:
            return False
        return True

    @property
    def last_voice_ms(self) -> int:
        """When the caller was last heard speaking."""
        return self._last_voice_ms

    def text(self, since_ms: int) -> str | None:
        """What was understood of the words that ended after ``since_ms``; None when nothing was."""
        words = [f.text for f in self._finals if f.end_ms > since_ms]
        return " ".join(words) if words else None

    def language(self, since_ms: int) -> str | None:
        """The language of the newest words after ``since_ms``."""
        return next((f.language for f in reversed(self._finals) if f.end_ms > since_ms), None)

    async def run(self) -> None:
        """Hand on the recogniser's results until it has no more; then ``complete`` says whether it had everything."""
        if self._stream is None:
            return
        try:
            async for result in self._stream.results():
                if isinstance(result, Final):
                    await self._on_final(result)
                    self._finals.append(result)
            self.complete = self._stream.complete
        finally:
            await self._stream.aclose()

    def finish(self) -> None:
        """The call is over: no more audio will come."""
        self._take()
        if self._stream is not None:
            self._stream.finish()

    async def _until(self, predicate: Callable[[], bool]) -> None:
        if predicate():
            return
        waiter = (predicate, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            await waiter[1]
        finally:
            self._waiters.remove(waiter)
