"""A full disk, a server that goes away, two processes that start at once."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.domain.command import Applied
from gateway.errors import ConfigError, StoreUnavailable
from gateway.storage.database import Database, open_database
from gateway.storage.search_tables import TICKET_PAIRS
from gateway.storage.tables import metadata
from tests.contract.storage.changes import written
from tests.support.clocks import SHANGHAI
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.stores import Open
from tests.support.waiting import until

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[3]
CHILD = [sys.executable, "-m", "tests.integration.storage.child"]


async def run_child(*arguments: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *CHILD, *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    return out.decode()


def check_recovery(printed: str) -> None:
    accepted, refused, replayed, events, *numbers = printed.splitlines()[-1].split()
    assert int(refused) == 3
    assert int(accepted) > 0
    assert replayed == "True"
    assert int(events) == 2 * (int(accepted) + 3)
    assert [int(number[8:]) for number in numbers] == [int(accepted) + n for n in (1, 2, 3)]


async def test_a_file_that_may_not_grow_refuses_and_recovers(tmp_path: Path) -> None:
    check_recovery(await run_child("fill-file", f"sqlite:///{tmp_path / 'g.db'}", str(1_200_000)))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small tmpfs: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_full_disk_refuses_and_recovers(small_disk: Path) -> None:
    check_recovery(await run_child("fill-disk", f"sqlite:///{small_disk / 'g.db'}", str(small_disk / "ballast")))


async def test_processes_that_start_at_once_migrate_once(url: str) -> None:
    numbers = await asyncio.gather(*(run_child("open", url, str(n)) for n in range(4)))
    assert sorted(int(number.strip()[8:]) for number in numbers) == [1, 2, 3, 4]


async def test_the_migrations_make_the_tables_that_the_code_knows(opened: Open) -> None:
    db = await opened()

    def differences(connection: sa.Connection) -> list[object]:
        # A virtual table and what SQLite keeps it in are no tables of the metadata.
        named = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith("ticket_pairs")}
        return list(compare_metadata(MigrationContext.configure(connection, opts=named), metadata))

    def virtual(connection: sa.Connection) -> list[str]:
        found = sa.text("SELECT sql FROM sqlite_master WHERE name = 'ticket_pairs'")
        return list(connection.execute(found).scalars()) if connection.dialect.name == "sqlite" else [TICKET_PAIRS]

    assert await db.sql.read(differences) == []
    assert await db.sql.read(virtual) == [TICKET_PAIRS]


async def test_a_locked_database_refuses_and_recovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.engine.BUSY_MS", 50)
    db = await open_database("", data_dir=tmp_path, zone=SHANGHAI)
    other = sa.create_engine(f"sqlite:///{tmp_path / 'gateway.db'}", isolation_level="AUTOCOMMIT")
    with other.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        outcomes = await asyncio.gather(
            *(db.changes.execute(written(str(n))) for n in range(3)), return_exceptions=True
        )
        assert all(isinstance(o, StoreUnavailable) for o in outcomes)
        with pytest.raises(StoreUnavailable):
            await db.reader.ping()
        assert await db.reader.last_event_seq() == 0
        holder.exec_driver_sql("ROLLBACK")
    other.dispose()
    assert (await db.changes.execute(written("0"))).ticket_no.endswith("0000001")
    await db.reader.ping()
    await db.aclose()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def test_a_server_that_goes_away_and_comes_back(own_server: PostgresServer, tmp_path: Path) -> None:
    db: Database = await open_database(await own_server.create("g"), data_dir=tmp_path, zone=SHANGHAI)
    assert db.notices is not None
    heard: list[str | None] = []
    listening = asyncio.create_task(db.notices.run(heard.append))
    await until(lambda: heard == [None], "it to listen")
    await db.notices.tell("1")
    await until(lambda: heard == [None, "1"], "its own notice")
    await db.changes.execute(written("before"))
    await asyncio.to_thread(own_server.stop)
    await db.notices.tell("while it is away")
    outcomes = await asyncio.gather(*(db.changes.execute(written(str(n))) for n in range(3)), return_exceptions=True)
    assert all(isinstance(o, StoreUnavailable) for o in outcomes)
    with pytest.raises(StoreUnavailable):
        await db.reader.last_event_seq()
    with pytest.raises(StoreUnavailable):
        await open_database(own_server.url("g"), data_dir=tmp_path, zone=SHANGHAI)
    await asyncio.to_thread(own_server.start)
    again = await asyncio.gather(*(db.changes.execute(written(str(n))) for n in range(3)))
    assert [a.ticket_no[-1] for a in again] == ["2", "3", "4"]
    # A restart between two uses costs nothing: the connection of before it is replaced.
    await asyncio.to_thread(own_server.stop)
    await asyncio.to_thread(own_server.start)
    assert isinstance(await db.changes.execute(written("after")), Applied)
    assert (await db.changes.execute(written("before"))).replayed
    await until(lambda: heard.count(None) > 1, "it to know that it may have missed some")

    async def told() -> bool:
        assert db.notices is not None
        await db.notices.tell("2")
        return heard[-1] == "2"

    await until(told, "a notice after the restart")
    assert "while it is away" not in heard
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await db.aclose()


async def test_a_server_that_is_gone_without_a_word_is_given_up_soon(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    """What is asked on its connections would else hang for a quarter of an hour; a lease is over in seconds."""
    db = await open_database(await own_server.create("g"), data_dir=tmp_path, zone=SHANGHAI)

    def options(connection: sa.Connection) -> tuple[int, int, int]:
        driver = connection.connection.driver_connection
        assert driver is not None
        own = driver._transport.get_extra_info("socket")
        idle, pause, count = (
            own.getsockopt(socket.IPPROTO_TCP, name)
            for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        alive = own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        return alive, own.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT), idle + pause * count

    for ask in (db.sql.read, db.sql.write):
        alive, unanswered_ms, silent_s = await ask(options)
        assert alive
        assert 0 < unanswered_ms <= 10_000
        assert silent_s <= 10
    await db.aclose()


@pytest.mark.parametrize("url", ["mysql://x/y", "no url"])
async def test_other_databases_are_a_mistake_of_configuration(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        await open_database(url, data_dir=tmp_path, zone=SHANGHAI)
