"""Several processes that write to one database: every number once and in order of commit, and none is kept waiting."""

from __future__ import annotations

import asyncio
import mmap
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.errors import ConfigError, StoreUnavailable
from gateway.storage.database import Database, migrate_database, open_database
from gateway.storage.fair_lock import FairLock
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI
from tests.support.stores import Open

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]


class Child:
    """A process at the same database."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the child ended"
        return line.decode()

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self._process.communicate()


@asynccontextmanager
async def child(*arguments: str) -> AsyncIterator[Child]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.storage.child", *arguments, cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def every_event(db: Database) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := await db.reader.events(after=len(found), limit=1000):
        found += page
    return found


async def test_numbers_of_several_processes_have_no_gap_and_follow_their_commits(url: str, opened: Open) -> None:
    db = await opened()
    async with child("accept", url, "a") as one, child("accept", url, "b") as two:
        for n in range(60):
            await asyncio.gather(one.line(), two.line(), db.changes.execute(written(f"here/{n}")))
        await one.kill()
        for n in range(60, 90):
            await asyncio.gather(two.line(), db.changes.execute(written(f"here/{n}")))
        await two.kill()
    await db.changes.execute(written("here/last"))
    events = await every_event(db)
    assert [e["event_seq"] for e in events] == list(range(1, len(events) + 1))
    numbers = [e["ticket_no"] for e in events if e["type"] == "ticket.registered"]
    by_day: dict[str, list[int]] = {}
    for number in numbers:  # the children live today, this process at the test's noon
        by_day.setdefault(number[:8], []).append(int(number[8:]))
    assert all(serials == list(range(1, len(serials) + 1)) for serials in by_day.values())


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_one_that_is_killed_while_it_holds_the_lock_holds_up_nobody(
    url: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.engine.BUSY_MS", 200)
    db, leaving = await opened(), await opened()
    await db.changes.execute(written("before"))
    async with child("hold", url) as holder:
        assert await holder.line() == "holding\n"
        outcomes = await asyncio.gather(
            *(db.changes.execute(written(str(n))) for n in range(3)), return_exceptions=True
        )
        assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
        with pytest.raises(StoreUnavailable):
            await db.reader.ping()
        assert await db.reader.last_event_seq() == 2
        waiting = asyncio.create_task(leaving.changes.execute(written("never")))
        await asyncio.sleep(0)
        await leaving.aclose()  # ends, though its thread waits for the lock
        with pytest.raises(StoreUnavailable):
            await waiting
        await holder.kill()
    monkeypatch.undo()
    numbers = [(await db.changes.execute(written(str(n)))).ticket_no for n in range(3)]
    assert [int(number[8:]) for number in numbers] == [2, 3, 4]
    assert await db.reader.last_event_seq() == 8, "what was given up was written all the same"


async def test_who_waits_for_the_lock_is_the_next_to_have_it(tmp_path: Path) -> None:
    path = tmp_path / "g.db"
    path.write_bytes(bytes(8))
    async with child("lock", str(path)) as other:
        assert await other.line() == "running\n"
        with path.open("rb") as file, mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ) as counter:
            lock, passed = FairLock(path), []
            for _ in range(60):
                await asyncio.sleep(0.02)  # like a call, which writes now and then, beside one that never rests
                (before,) = struct.unpack("q", counter)
                lock.acquire()
                passed.append(struct.unpack("q", counter)[0] - before)
                lock.release()
            lock.close()
        await other.kill()
    # Whoever has it when we come, and no one after that; with one flock alone some hundreds pass.
    assert sum(passed) <= 60, passed


async def test_a_process_that_may_not_migrate_says_who_does(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gateway run"):
        await open_database(empty_url, data_dir=tmp_path, zone=SHANGHAI, migrate=False)
    await migrate_database(empty_url, data_dir=tmp_path)
    db = await open_database(empty_url, data_dir=tmp_path, zone=SHANGHAI, migrate=False)
    assert (await db.changes.execute(written("0"))).event_seq == 2
    await db.aclose()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_no_snapshot_lasts(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.engine.SNAPSHOT_S", 0.2)
    db = await opened()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    def ask(connection: sa.Connection) -> Any:
        return connection.exec_driver_sql(endless).scalar()

    reads = [db.sql.read(ask), db.reader.last_event_seq(), db.sql.read(ask), db.reader.last_event_seq()]
    slow, quick, again, quick_too = await asyncio.gather(*reads, return_exceptions=True)
    assert isinstance(slow, StoreUnavailable)
    assert "ask for less" in str(slow)
    assert isinstance(again, StoreUnavailable)
    assert (quick, quick_too) == (0, 0), "a read suffers for another one that lasts"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_the_log_becomes_small_again(url: str, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.engine.LOG_BYTES", 1_000_000)
    db = await opened()
    log = Path(sa.make_url(url).database or "").with_name("record.db-wal")
    holder = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with holder.connect() as held:
        held.exec_driver_sql("BEGIN")
        held.exec_driver_sql("SELECT count(*) FROM tickets").scalar()
        for n in range(40):
            await db.changes.execute(written(f"large/{n}", content="满" * 40_000))
        assert log.stat().st_size > 4_000_000
        held.exec_driver_sql("ROLLBACK")
    holder.dispose()
    for n in range(3):
        await db.changes.execute(written(f"after/{n}", content="满" * 40_000))
    assert log.stat().st_size <= 1_000_000


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_batches_that_work_too_long_are_cut(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    db = await opened()
    sizes: list[int] = []
    original = db.sql.write

    async def counted(work: Any) -> Any:
        before = await db.reader.last_event_seq()
        result = await original(work)
        sizes.append((await db.reader.last_event_seq() - before) // 2)
        return result

    monkeypatch.setattr(db.sql, "write", counted)
    monkeypatch.setattr("gateway.storage.writer.READ_AND_APPLIED_S", 0.0)
    applied = await asyncio.gather(*(db.changes.execute(written(str(n))) for n in range(30)))
    serials = [int(a.ticket_no[8:]) for a in applied]
    assert serials == list(range(1, 31)), "what did not fit into a batch lost its place"
    assert sizes == [1] * 30
    assert all(b > a for a, b in pairwise(a.event_seq for a in applied))
