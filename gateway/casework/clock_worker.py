"""Fires the clocks of cases when they are due. Any number of processes may: what one has fired the others drop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.domain.command import Command
from gateway.errors import GatewayError, StoreUnavailable
from gateway.following.poll import Away, never, untold
from gateway.following.worker import LeasedWorker
from gateway.ports.case_clocks import DueClock, DueClocks
from gateway.ports.store import CommandStore
from gateway.telemetry import log, metrics

POLL_S = 1.0
"""A clock fires at most so long after its time, while nothing is overdue."""
SLICE = 40
"""So many at once: after a night down they share a commit, and nobody else's command waits long behind them."""
LEASE_S = 10.0
"""What a worker took that died over it is fired by another one after so long."""
_log = log.get("clocks")


class ClockWorker:
    """Takes what is due, a slice at a time, and hands the command of each to the store."""

    def __init__(
        self,
        *,
        due: DueClocks,
        commands: CommandStore,
        fire: Callable[[DueClock], Command],
        owner: str,
        poll_s: float = POLL_S,
        away: Away = untold,
    ) -> None:
        """``fire`` makes the command of one clock, which changes nothing when that is due at another time by now."""
        self._due = due
        self._commands = commands
        self._command = fire
        self._owner = owner
        self._worker: LeasedWorker[DueClock] = LeasedWorker(
            "clocks",
            take=self._take,
            work=self._fire,
            parallel=SLICE,
            poll_s=poll_s,
            on=never,  # by time alone: no limit is so short that it could be over by the next look
            away=away,
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._worker.run()

    async def _take(self, room: int) -> Sequence[DueClock]:
        return await self._due.take(self._owner, limit=room, lease_s=LEASE_S)

    async def _fire(self, due: DueClock) -> None:
        try:
            applied = await self._commands.execute(self._command(due))
        except StoreUnavailable:
            raise
        except GatewayError as error:  # its lease runs out, and it is tried once more
            metrics.CLOCKS.labels("failed").inc()
            _log.error("clock_not_fired", clock_id=due.clock_id, ticket_id=due.ticket_id, exc_info=error)
        else:
            metrics.CLOCKS.labels("stale" if applied.skipped else "fired").inc()
