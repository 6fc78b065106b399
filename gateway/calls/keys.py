"""DTMF keys of a call, in order, each once; a key pressed before its question is kept for it."""

from __future__ import annotations

import asyncio

from gateway.ports.call import CallLeg


class Keys:
    """Reads a leg's DTMF for as long as the call lives and remembers it for the record."""

    def __init__(self) -> None:
        """Nothing pressed yet."""
        self.pressed: list[str] = []
        self._queue: asyncio.Queue[str] = asyncio.Queue()

    async def run(self, leg: CallLeg) -> None:
        """Collect until the leg is over (``CallEnded``) or cancelled."""
        while True:
            key = await leg.dtmf()
            self.pressed.append(key)
            self._queue.put_nowait(key)

    async def next(self, accepted: str) -> str:
        """The next key among ``accepted``; others are passed over."""
        while True:
            key = await self._queue.get()
            if key in accepted:
                return key
