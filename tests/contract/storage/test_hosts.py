"""A database that moves: the URL names all its servers, and the primary is found wherever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.ids import new_ulid
from gateway.storage.database import open_database
from tests.support.clocks import SHANGHAI
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.contract


async def test_the_primary_is_found_among_several_hosts(postgres: PostgresServer, tmp_path: Path) -> None:
    one = await postgres.create(new_ulid().lower())
    server, _, name = one.rpartition("/")
    host = server.rpartition("@")[2]
    url = server.removesuffix(host) + f"/{name}?host=127.0.0.1:{free_port()}&host={host}&target_session_attrs=primary"
    database = await open_database(url, data_dir=tmp_path, zone=SHANGHAI)
    try:
        await database.reader.ping()
    finally:
        await database.aclose()
