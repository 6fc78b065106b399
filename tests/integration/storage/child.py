"""A process that accepts contacts until it is killed, and prints each one after its commit. Started by the tests."""

from __future__ import annotations

import asyncio
import itertools
import mmap
import resource
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from gateway.errors import StoreUnavailable
from gateway.storage.database import open_database
from gateway.storage.fair_lock import FairLock
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI


async def accept(url: str, name: str) -> None:
    """Eight clients, each printing ``key ticket_no`` of what was committed."""
    database = await open_database(url, data_dir=Path(), zone=SHANGHAI)

    async def client(n: int) -> None:
        for i in range(1_000_000):
            key = f"{name}/{n}/{i}"
            applied = await database.changes.apply(written(key, phone=f"+861380013{n:04d}"))
            print(key, applied.ticket_no, flush=True)

    await asyncio.gather(*(client(n) for n in range(8)))


async def fill(url: str, until_full: Callable[[], None], make_room: Callable[[], None]) -> None:
    """Write until the store refuses three contacts, make room, write those again and repeat the others."""
    database = await open_database(url, data_dir=Path(), zone=SHANGHAI)
    until_full()
    accepted, refused = [], []
    for n in range(100_000):
        key = f"k{n}"
        try:
            await database.changes.apply(written(key, content="满" * 2000))
        except StoreUnavailable:
            refused.append(key)
            if len(refused) == 3:
                break
        else:
            accepted.append(key)
    make_room()
    numbers = [(await database.changes.apply(written(key))).ticket_no for key in refused]
    replayed = [(await database.changes.apply(written(key))).replayed for key in accepted]
    events = await database.reader.last_event_seq()
    await database.aclose()
    print(len(accepted), len(refused), all(replayed), events, *numbers)


async def fill_file(url: str, limit: int) -> None:
    """No file may grow beyond ``limit`` bytes."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    await fill(
        url,
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard)),
        lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)),
    )


async def fill_disk(url: str, ballast: Path) -> None:
    """The disk fills up; a ballast file is deleted then."""
    await fill(url, lambda: ballast.write_bytes(bytes(8_000_000)) and None, ballast.unlink)


async def open_once(url: str) -> None:
    """Open, register one ticket, close."""
    database = await open_database(url, data_dir=Path(), zone=SHANGHAI)
    print((await database.changes.apply(written(str(id(database)) + sys.argv[3]))).ticket_no)
    await database.aclose()


async def hold(url: str) -> None:
    """Keep the writers' lock, in the middle of a transaction, until killed."""
    database = await open_database(url, data_dir=Path(), zone=SHANGHAI)

    def work(connection: sa.Connection) -> None:
        connection.exec_driver_sql("UPDATE counters SET value = value + 1000 WHERE name = 'event_seq'")
        print("holding", flush=True)
        threading.Event().wait()

    await database.sql.write(work)


def keep_locking(path: Path) -> None:
    """Take the lock of the file again and again without a pause, and count in it how often, until killed."""
    lock = FairLock(path)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 8) as counter:
        print("running", flush=True)
        for n in itertools.count(1):
            lock.acquire()
            counter[:] = struct.pack("q", n)
            sum(range(50_000))
            lock.release()


if __name__ == "__main__":
    if sys.argv[1] == "accept":
        asyncio.run(accept(sys.argv[2], sys.argv[3]))
    elif sys.argv[1] == "fill-file":
        asyncio.run(fill_file(sys.argv[2], int(sys.argv[3])))
    elif sys.argv[1] == "fill-disk":
        asyncio.run(fill_disk(sys.argv[2], Path(sys.argv[3])))
    elif sys.argv[1] == "lock":
        keep_locking(Path(sys.argv[2]))
    elif sys.argv[1] == "hold":
        asyncio.run(hold(sys.argv[2]))
    else:
        asyncio.run(open_once(sys.argv[2]))
