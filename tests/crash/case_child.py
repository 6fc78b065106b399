"""A process that fires clocks and tells replies until it is killed, and says each of its steps. Forked by the test."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gateway.casework.after_reply import AfterReply
from gateway.casework.clock_worker import ClockWorker
from gateway.casework.fire_clock import FireClock
from gateway.casework.reply_teller import ReplyTeller
from gateway.domain.command import Applied, Command
from gateway.ports.case_clocks import DueClock
from gateway.storage.database import Database, open_database
from tests.support.centre import ways
from tests.support.clocks import NOON, SHANGHAI, SetClock

HOURS_LATER = 12
"""Every limit to sign is over then."""


class Telling:
    """The clocks that are due and the store of commands; says each step before it and after it."""

    def __init__(self, database: Database, told: Connection) -> None:
        self._database = database
        self._told = told

    async def take(self, owner: str, *, limit: int, lease_s: float) -> Sequence[DueClock]:
        self._told.send("looks")
        due = await self._database.case_clocks.take(owner, limit=limit, lease_s=lease_s)
        self._told.send("took")
        return due

    async def execute(self, command: Command) -> Applied:
        self._told.send("decides")
        applied = await self._database.changes.execute(command)
        self._told.send("decided")
        return applied


def work(url: str, folder: Path, told: Connection) -> None:
    """Of one process, whose owner of leases is called by its process id."""
    asyncio.run(_work(url, folder, told))


async def _work(url: str, folder: Path, told: Connection) -> None:
    clock = SetClock(NOON + timedelta(hours=HOURS_LATER))
    database = await open_database(
        url, data_dir=folder, zone=SHANGHAI, clock=clock, migrate=False, is_gone=_is_gone, poll_s=0.1
    )
    telling = Telling(database, told)
    following: dict[str, Any] = {
        "store": telling,
        "reader": database.reader,
        "reads": database.replies,
        "cursors": database.channel_states,
        "next_commit": database.committed.next,
        "ways": ways,
        "clock": clock,
    }
    clocks = ClockWorker(due=telling, commands=telling, fire=_fire, owner=str(os.getpid()), poll_s=0.05)
    duties = (clocks, ReplyTeller(**following), AfterReply(**following), database.net)
    await asyncio.gather(*(duty.run() for duty in duties))


def _fire(due: DueClock) -> FireClock:
    return FireClock(at=due.found_at, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)


def _is_gone(owner: str) -> bool:
    return not Path("/proc", owner).exists()
