"""The spool of several processes in one folder: each has its own, and what the dead left is drained by the living."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.domain import change_json
from gateway.domain.change import Applied, Change, NewEvent
from gateway.errors import NotFound, StoreUnavailable
from gateway.intake.call.spool import AT_ONCE, SpoolingStore
from tests.support.command import ROOT

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


class Store:
    """Keeps what it is given; may be away, or refuse a ticket."""

    def __init__(self) -> None:
        self.away = True
        self.refuses = ""
        self.applied: list[tuple[str, str]] = []
        self.asked = 0

    async def apply(self, change: Change) -> Applied:
        self.asked += 1
        if self.away:
            raise StoreUnavailable("away")
        ticket_id = change.ticket_id or ""
        if ticket_id == self.refuses:
            raise NotFound("no such ticket")
        self.applied.append((ticket_id, change.events[0].type))
        return Applied(ticket_id=ticket_id, ticket_no="1", interaction_id=None, version=1, event_seq=1)


def change(ticket_id: str, what: str) -> Change:
    return Change(ticket_id=ticket_id, events=(NewEvent(type=what, at=NOW, data={}),))


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != ".lock")


async def test_good_times_leave_no_trace(tmp_path: Path) -> None:
    store = Store()
    store.away = False
    spool = SpoolingStore(store=store, folder=tmp_path / "spool", name="a-1")
    await spool.apply(change("T", "one"))
    assert await spool.drain() == 0
    assert not (tmp_path / "spool").exists()


async def test_two_living_processes_keep_apart(tmp_path: Path) -> None:
    stores = Store(), Store()
    one, other = (SpoolingStore(store=s, folder=tmp_path, name=n) for s, n in zip(stores, ("a-1", "b-1"), strict=True))
    await asyncio.gather(one.apply(change("T", "one")), other.apply(change("U", "one")))
    await one.apply(change("T", "two"))
    assert files(tmp_path) == ["a-1/T.jsonl", "b-1/U.jsonl"]
    stores[1].away = False
    assert await other.drain() == 1
    assert stores[1].applied == [("U", "one")], "the other one's is not its business"
    stores[0].away = False
    await one.apply(change("T", "three"))
    assert stores[0].applied == [], "behind what waits of its ticket"
    assert await one.drain() == 1
    assert stores[0].applied == [("T", "one"), ("T", "two"), ("T", "three")]
    await one.apply(change("T", "four"))
    assert stores[0].applied[-1] == ("T", "four"), "at once again"
    assert files(tmp_path) == []


class Meeting(Store):
    """Answers when as many are asked for at once."""

    def __init__(self, parties: int) -> None:
        super().__init__()
        self.barrier = asyncio.Barrier(parties)

    async def apply(self, change: Change) -> Applied:
        if not self.away:
            await self.barrier.wait()
        return await super().apply(change)


async def test_tickets_share_commits_and_each_keeps_its_order(tmp_path: Path) -> None:
    store = Meeting(3)
    spool = SpoolingStore(store=store, folder=tmp_path, name="a-1")
    for what in ("one", "two"):
        await asyncio.gather(*(spool.apply(change(ticket, what)) for ticket in "TUV"))
    store.away = False
    async with asyncio.timeout(60):
        assert await spool.drain() == 3
    for ticket in "TUV":
        assert [what for own, what in store.applied if own == ticket] == ["one", "two"]
    assert files(tmp_path) == []


async def test_a_store_that_is_still_away_is_not_asked_for_every_ticket(tmp_path: Path) -> None:
    store = Store()
    spool = SpoolingStore(store=store, folder=tmp_path, name="a-1")
    tickets = [f"T{n}" for n in range(2 * AT_ONCE)]
    for ticket in tickets:
        await spool.apply(change(ticket, "one"))
    store.asked = 0
    with pytest.raises(StoreUnavailable):
        await spool.drain()
    assert store.asked <= AT_ONCE
    store.away = False
    assert await spool.drain() == len(tickets)


async def test_what_comes_while_its_ticket_is_drained_waits_for_that_alone(tmp_path: Path) -> None:
    store = Meeting(2)
    spool = SpoolingStore(store=store, folder=tmp_path, name="a-1")
    await spool.apply(change("T", "answered"))
    store.away = False
    draining = asyncio.create_task(spool.drain())
    while not store.barrier.n_waiting:
        await asyncio.sleep(0)
    closing = asyncio.create_task(spool.apply(change("T", "ended")))
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await store.barrier.wait()
        assert await draining == 1
        await store.barrier.wait()
        assert (await closing).ticket_no == "1", "at once, not with the next drain"
    assert store.applied == [("T", "answered"), ("T", "ended")]


async def test_whose_changes_wait_is_known(tmp_path: Path) -> None:
    store = Store()
    spool = SpoolingStore(store=store, folder=tmp_path, name="a-1")
    assert spool.waiting() == set()
    await spool.apply(replace(change("T", "one"), interaction_id="I"))
    await spool.apply(replace(change("T", "two"), interaction_id="J"))
    await spool.apply(change("U", "one"))
    assert spool.waiting() == {"I", "J"}
    store.away = False
    await spool.drain()
    assert spool.waiting() == set()


DIES = """
import asyncio, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from gateway.intake.call.spool import SpoolingStore
from tests.unit.intake.call.test_spool import Store, change

async def die():
    spool = SpoolingStore(store=Store(), folder=Path(sys.argv[1]), name="dead-1")
    await spool.apply(change("T", "one"))
    await spool.apply(change("T", "two"))
    os.kill(os.getpid(), 9)

asyncio.run(die())
"""


async def test_what_a_killed_process_left_is_drained_by_another(tmp_path: Path) -> None:
    root = ROOT
    died = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", textwrap.dedent(DIES), str(tmp_path), str(root)], cwd=root, check=False
    )
    assert died.returncode == -9
    store = Store()
    spool = SpoolingStore(store=store, folder=tmp_path, name="living-1")
    with pytest.raises(StoreUnavailable):
        await spool.drain()
    assert files(tmp_path) == ["dead-1/T.jsonl"]
    store.away = False
    assert await spool.drain() == 1
    assert store.applied == [("T", "one"), ("T", "two")]
    assert not (tmp_path / "dead-1").exists()


async def test_what_an_earlier_version_left_is_drained(tmp_path: Path) -> None:
    (tmp_path / "T.jsonl").write_text(change_json.dumps(change("T", "one")) + "\n", encoding="ascii")
    store = Store()
    store.away = False
    assert await SpoolingStore(store=store, folder=tmp_path, name="a-1").drain() == 1
    assert store.applied == [("T", "one")]
    assert files(tmp_path) == []


async def test_what_never_applies_is_kept_for_a_person(tmp_path: Path) -> None:
    store = Store()
    spool = SpoolingStore(store=store, folder=tmp_path, name="a-1")
    await spool.apply(change("T", "one"))
    await spool.apply(change("U", "one"))
    store.away, store.refuses = False, "T"
    assert await spool.drain() == 2
    assert store.applied == [("U", "one")]
    assert files(tmp_path) == ["refused-a-1.txt"]


async def test_a_folder_of_somebody_else_or_a_damaged_file_stops_nobody(tmp_path: Path) -> None:
    """What another user left (a gateway once started as root), and bytes that a dying disk made of a file."""
    store = Store()
    store.away = False
    for name in ("a-1", "b-1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "T.jsonl").write_text(change_json.dumps(change("T", name)) + "\n")
    (tmp_path / "a-1" / ".lock").mkdir()  # cannot be opened, by root either
    (tmp_path / "b-1" / "S.jsonl").write_bytes(b"\xff\xfe\n")
    spool = SpoolingStore(store=store, folder=tmp_path, name="c-1")
    with capture_logs() as lines:
        assert await spool.drain() == 2
        assert await spool.drain() == 0
    assert store.applied == [("T", "b-1")]
    assert [line["folder"] for line in lines if line["event"] == "spool_not_readable"] == ["a-1"]
    assert (tmp_path / "refused-c-1.txt").read_text() == "\\xff\\xfe\n"


async def test_a_file_system_without_locks_keeps_calls_and_says_that_others_cannot_drain_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("gateway.intake.call.spool.fcntl.flock", no_locks)
    store = Store()
    spool, other = (SpoolingStore(store=store, folder=tmp_path, name=name) for name in ("a-1", "b-1"))
    await spool.apply(change("T", "one"))
    store.away = False
    with capture_logs() as lines:
        assert await other.drain() == 0
    assert {line["folder"] for line in lines if line["event"] == "spool_not_readable"} >= {"a-1"}
    assert await spool.drain() == 1
    assert store.applied == [("T", "one")]
