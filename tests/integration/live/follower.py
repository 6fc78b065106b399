"""A process that follows the commits of others, prints each event_seq, and answers every second one with its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from gateway.live.neighbours import Neighbours
from gateway.live.wakeup import Wakeup
from gateway.storage.database import Database, open_database
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI

NEVER_S = 600.0


async def open_following(url: str, folder: Path) -> tuple[Database, list[asyncio.Task[None]]]:
    """A database whose watchers never look by themselves, and what tells and hears of commits."""
    database = await open_database(url, data_dir=folder, zone=SHANGHAI, poll_s=NEVER_S)
    wakeup = Wakeup(None, neighbours=Neighbours(folder), hear=database.committed.hear)

    async def announce() -> None:
        async for commits in database.committed.own():
            await wakeup.notify(commits)

    return database, [asyncio.create_task(wakeup.run()), asyncio.create_task(announce())]


async def main(url: str, folder: Path) -> None:
    """Until killed."""
    database, _tasks = await open_following(url, folder)
    async for event in database.reader.watch(0):
        print(event["event_seq"], flush=True)
        if event["event_seq"] % 4 == 2:
            await database.changes.apply(written(f"answer/{event['event_seq']}"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
