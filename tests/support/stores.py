"""The record of truth in each form that tests run on, and fixtures that open it; a form is one line in ``STORES``.

A ``conftest.py`` imports the fixtures that its folder needs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from gateway.domain.ids import new_ulid
from gateway.storage.database import Database, open_database
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.databases import ready_sqlite
from tests.support.memory_store import MemoryStore
from tests.support.postgres import PostgresServer

Open = Callable[..., Awaitable[Database]]
"""Opens the test's store once more, with options of ``open_database``."""


class Store(Protocol):
    """One record of truth in which nothing is yet."""

    async def open(self, **options: Any) -> Database:
        """Open it as one more process does; ``options`` are those of ``open_database``."""
        ...


@dataclass(frozen=True, slots=True)
class SqlStore:
    """A database, and the folder of the processes that use it."""

    url: str
    data_dir: Path

    async def open(self, **options: Any) -> Database:
        """See ``Store.open``."""
        return await open_database(self.url, data_dir=self.data_dir, zone=SHANGHAI, **options)


Maker = Callable[[pytest.FixtureRequest, Path], Awaitable[Store]]
"""Makes a store for one test, in its folder."""


async def sqlite(_: pytest.FixtureRequest, folder: Path) -> SqlStore:
    """A file with today's schema."""
    return SqlStore(f"sqlite:///{ready_sqlite(folder / 'record.db')}", folder)


async def postgresql(request: pytest.FixtureRequest, folder: Path) -> SqlStore:
    """A database with today's schema in the session's server."""
    server: PostgresServer = request.getfixturevalue("postgres")
    return SqlStore(await server.create_ready(new_ulid().lower()), folder)


async def memory(_: pytest.FixtureRequest, __: Path) -> MemoryStore:
    """The domain alone."""
    return MemoryStore()


SQL_STORES: dict[str, Maker] = {"sqlite": sqlite, "postgresql": postgresql}
STORES: dict[str, Maker] = {"memory": memory, **SQL_STORES}
"""What the contract suite runs on."""


SQL_ALONE = pytest.mark.parametrize("store", SQL_STORES, indirect=True)
"""Marks a test of the contract suite that looks beneath the store."""


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of the test's own."""
    return await STORES[request.param](request, tmp_path)


@pytest.fixture(params=SQL_STORES)
async def sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty database of the test's own; imported ``as store`` where no other form is asked for."""
    return await SQL_STORES[request.param](request, tmp_path)


@pytest.fixture
def url(store: Store) -> str:
    """Where the test's database is."""
    assert isinstance(store, SqlStore)
    return store.url


@pytest.fixture
def clock() -> SetClock:
    """The clock of the store."""
    return SetClock()


@pytest.fixture
async def opened(store: Store, clock: SetClock) -> AsyncIterator[Open]:
    """Open the test's store as another process would; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_another(**options: Any) -> Database:
            database = await store.open(**{"clock": clock, **options})
            stack.push_async_callback(database.aclose)
            return database

        yield open_another


@pytest.fixture
async def db(opened: Open) -> Database:
    """The test's store, opened once."""
    return await opened()


@pytest.fixture(params=SQL_STORES)
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return await server.create(new_ulid().lower())
