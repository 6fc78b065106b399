"""Looks after the channels' health board: alarms, and what it knows of each channel kept over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from gateway.errors import StoreUnavailable
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.rhythm import Rhythm
from gateway.ports.conversation_store import ChannelStates
from gateway.telemetry import log

LOOK_S = 5.0
KEEP_EVERY = 6
"""Looks between two times of keeping: half a minute of what was heard may be forgotten."""
KEY = "rhythm"
_log = log.get("channel")


class ChannelWatch:
    """Of the channels that this process runs."""

    def __init__(
        self, *, board: HealthBoard, states: ChannelStates, channel_ids: Callable[[], Collection[str]]
    ) -> None:
        """``channel_ids``: those whose messages come to this process now."""
        self._board = board
        self._states = states
        self._channel_ids = channel_ids
        self._restored: set[str] = set()

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
        """Take up what an earlier process knew, then write what this one heard, or note what another heard later."""
        for channel_id in self._channel_ids():
            try:
                await self._keep(channel_id)
            except StoreUnavailable:
                return

    async def _keep(self, channel_id: str) -> None:
        stored = _read(channel_id, await self._states.get(channel_id, KEY))
        if channel_id not in self._restored:
            self._restored.add(channel_id)
            if stored is not None:
                self._board.remember(channel_id, stored)
        ours = self._board.rhythm(channel_id)
        if ours.last is None:
            return
        if stored is None or stored.last is None or ours.last > stored.last:
            await self._states.put(channel_id, KEY, ours.written())
        else:
            ours.last = stored.last


def _read(channel_id: str, text: str | None) -> Rhythm | None:
    if text is None:
        return None
    try:
        return Rhythm.read(text)
    except ValueError as error:
        _log.warning("channel_rhythm_unreadable", channel_id=channel_id, exc_info=error)
        return None
