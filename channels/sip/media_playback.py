"""Playback of audio to the far side, a frame a tick."""

from __future__ import annotations

import asyncio

from gateway.errors import CallEnded
from gateway.ports.call import ALAW_SILENCE, FRAME_BYTES, FRAME_MS

_PAD = bytes([ALAW_SILENCE]) * FRAME_BYTES


class AlawPlayback:
    """Implements ``gateway.ports.call.Playback``; the session takes one frame a tick."""

    def __init__(self, alaw: bytes) -> None:
        self._alaw = alaw
        self._at = 0
        self.active = bool(alaw)
        """Whether there is something left to play; read at every tick, so a plain attribute."""
        self._over: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        if not alaw:
            self._over.set_result(True)

    @property
    def played_ms(self) -> int:
        """How much has been sent."""
        return self._at // FRAME_BYTES * FRAME_MS

    def stop(self) -> None:
        """Stop at the next frame (barge-in)."""
        self._finish(over=False)

    async def wait(self) -> bool:
        """True when played to its end, False when stopped; ``CallEnded`` when the leg is over."""
        played = await asyncio.shield(self._over)
        if played is None:
            raise CallEnded("the call ended while audio was playing")
        return played

    def next(self) -> bytes:
        """The next 160 bytes, filled up with silence; ends the playback behind its last ones."""
        begin = self._at
        self._at = end = begin + FRAME_BYTES
        frame = self._alaw[begin:end]
        if end >= len(self._alaw):
            self._finish(over=True)
            frame += _PAD[len(frame) :]
        return frame

    def abandon(self) -> None:
        """The leg is over."""
        self._finish(over=None)

    def _finish(self, *, over: bool | None) -> None:
        self.active = False
        if not self._over.done():
            self._over.set_result(over)
