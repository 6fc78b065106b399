"""Looks after the channels' health board: alarms, and what it knows of each channel kept over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.errors import StoreUnavailable
from gateway.intake.channel_health import HealthBoard
from gateway.intake.rhythm import Rhythm
from gateway.ports.conversation_store import ChannelStates
from gateway.telemetry import log

LOOK_S = 5.0
KEEP_EVERY = 6
"""Looks between two times of keeping: half a minute of what was heard may be forgotten."""
KEY = "rhythm"
_log = log.get("channel")


class ChannelWatch:
    """Of the channels that this process runs."""

    def __init__(self, *, board: HealthBoard, states: ChannelStates, channel_ids: Sequence[str]) -> None:
        """``channel_ids``: those whose messages come to this process."""
        self._board = board
        self._states = states
        self._channel_ids = channel_ids

    async def run(self) -> None:
        """Until cancelled; what the store does not give or take now it will the next time."""
        turn = 0
        while True:
            if turn % KEEP_EVERY == 0:
                await self.keep()
            self._board.look()
            turn += 1
            await asyncio.sleep(LOOK_S)

    async def keep(self) -> None:
        """Write what this process heard, or take over what another one, or an earlier one, heard later."""
        for channel_id in self._channel_ids:
            try:
                await self._keep(channel_id)
            except StoreUnavailable:
                return

    async def _keep(self, channel_id: str) -> None:
        stored = _read(channel_id, await self._states.get(channel_id, KEY))
        ours = self._board.rhythm(channel_id)
        if stored is not None and stored.last is not None and (ours.last is None or stored.last > ours.last):
            self._board.remember(channel_id, stored)
        elif ours.last is not None and (stored is None or stored.last != ours.last):
            await self._states.put(channel_id, KEY, ours.written())


def _read(channel_id: str, text: str | None) -> Rhythm | None:
    if text is None:
        return None
    try:
        return Rhythm.read(text)
    except ValueError:
        _log.warning("channel_rhythm_unreadable", channel_id=channel_id)
        return None
