"""The media clock: one timer chain that moves every session of a pool on by one frame each 20 ms."""

from __future__ import annotations

import asyncio
from typing import Protocol

from gateway.ports.call import FRAME_MS

SLOTS = 4
"""Sessions are spread over four moments 5 ms apart: no single wake-up holds the loop for all calls."""
STEP_S = FRAME_MS / 1000 / SLOTS
LATE_S = 2 * FRAME_MS / 1000
"""Later than two frames, packets that wait in the sockets are read before time is made up."""
READ_FIRST_S = 0.001
BURST_FRAMES = 2
"""At most so many frames leave at once, however late the loop was: more would overrun the far side's buffer."""
CATCH_UP_STEPS = int(2 / STEP_S)
"""After a stop longer than 2 s (a suspended machine) the rest of the time is given up."""


class Paced(Protocol):
    """Something that is moved on by the media clock."""

    def tick(self, *, send: bool) -> None:
        """20 ms have passed. ``send`` is False for frames that are too late to send."""
        ...

    def failed(self, error: Exception) -> None:
        """``tick`` raised; it is not called again."""
        ...


class Pacer:
    """Ticks its sessions; runs only while there are any."""

    def __init__(self) -> None:
        self._slots: list[list[Paced]] = [[] for _ in range(SLOTS)]
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0
        self._step = 0
        self._read_first = True
        self._ticking = False

    def add(self, session: Paced) -> None:
        """Begin to tick a session."""
        min(self._slots, key=len).append(session)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._at = loop.time() + STEP_S
            self._timer = loop.call_at(self._at, self._run)

    def remove(self, session: Paced) -> None:
        """Tick it no more."""
        for slot in self._slots:
            if session in slot:
                slot.remove(session)
        if self._timer is not None and not self._ticking and not any(self._slots):
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        late = loop.time() - self._at
        if late > LATE_S and self._read_first:
            self._read_first = False
            self._timer = loop.call_later(READ_FIRST_S, self._run)
            return
        self._read_first = True
        steps = 1 + max(0, int(late / STEP_S))
        first_sent = steps - BURST_FRAMES * SLOTS
        self._at += STEP_S * steps
        self._ticking = True
        for n in range(max(0, steps - CATCH_UP_STEPS), steps):
            for session in tuple(self._slots[(self._step + n) % SLOTS]):
                try:
                    session.tick(send=n >= first_sent)
                except Exception as error:  # noqa: BLE001 - one call's fault must not stop the clock of all
                    self.remove(session)
                    session.failed(error)
        self._ticking = False
        self._step += steps
        if any(self._slots):
            self._timer = loop.call_at(self._at, self._run)
        else:
            self._timer = None
