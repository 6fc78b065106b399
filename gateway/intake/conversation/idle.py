"""Closing conversations in which nobody writes any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from gateway.following.poll import every
from gateway.intake.conversation.conversations import ConversationIntake
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ConversationStore
from gateway.telemetry import log, metrics

_log = log.get("idle")
MAX_LOOK_S = 30.0
AFTER_OUTAGE_S = 60.0
"""How long the store has to answer before silence counts as a person's."""


class IdleCloser:
    """Runs in a worker; several may, since closing twice changes nothing."""

    def __init__(
        self,
        *,
        conversations: ConversationIntake,
        reads: ConversationStore,
        clock: Clock,
        idle_close_s: float,
        steady_s: Callable[[], float],
    ) -> None:
        """A conversation rests after ``idle_close_s`` without a message.

        ``steady_s`` tells for how many seconds the store has answered without a break: before, nobody could write.
        """
        self._steady_s = steady_s
        self._first_s = min(AFTER_OUTAGE_S, idle_close_s)
        self._conversations = conversations
        self._reads = reads
        self._clock = clock
        self._idle = timedelta(seconds=idle_close_s)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        away = partial(_log.warning, "idle_close_waits_for_store")
        await every(min(MAX_LOOK_S, self._idle.total_seconds() / 4), self.close_due, away)

    async def close_due(self) -> int:
        """Close what rests; how many. None while people and providers repeat what an absent store refused."""
        if self._steady_s() < self._first_s:
            return 0
        due = await self._reads.idle(self._clock.now() - self._idle)
        closed = 0
        for conversation in due:
            disposition = await self._conversations.rest(conversation)
            if disposition is not None:
                metrics.CONVERSATIONS_CLOSED.labels(conversation.channel_id, disposition.value).inc()
                closed += 1
        return closed
