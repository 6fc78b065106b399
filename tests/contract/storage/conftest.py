from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ids import new_ulid
from gateway.storage.database import Database, open_database
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.databases import ready_sqlite
from tests.support.postgres import PostgresServer

Open = Callable[..., Awaitable[Database]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of today's schema in which nothing is."""
    if request.param == "sqlite":
        return f"sqlite:///{ready_sqlite(tmp_path / 'record.db')}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return await server.create_ready(new_ulid().lower())


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return await server.create(new_ulid().lower())


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def opened(url: str, tmp_path: Path, clock: SetClock) -> AsyncIterator[Open]:
    """Open the test's database as another process would; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_another(**options: Any) -> Database:
            database = await open_database(url, data_dir=tmp_path, zone=SHANGHAI, **{"clock": clock, **options})
            stack.push_async_callback(database.aclose)
            return database

        yield open_another


@pytest.fixture
async def db(opened: Open) -> Database:
    return await opened()
