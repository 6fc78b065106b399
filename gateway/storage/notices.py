"""Carrying wake-ups between machines by PostgreSQL's LISTEN and NOTIFY.

A notice is sent after the commit that it tells of, on a connection of its own: inside, every commit would take the
server's one lock of the notice queue. What is lost with a connection is found by ``CommitNet``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from gateway.storage.engine import PostgresSql
from gateway.telemetry import log

CHANNEL = "gateway_commits"
"""Of this database only: other databases of the server do not hear it."""
RETRY_S = 1.0
ANSWER_S = 5.0
"""A connection that does not answer within that is given up."""
CHECK_S = 30.0
"""A connection on which nothing came for so long is asked whether it lives: a cut cable tells nobody."""
_FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
_log = log.get("notices")


class PostgresNotices:
    """The notices of one process. Implements ``live.wakeup.Notices``."""

    def __init__(self, sql: PostgresSql) -> None:
        """Connects in ``run``."""
        self._sql = sql
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def tell(self, payload: str) -> None:
        """Send to everybody who listens, this process too. Without a connection nothing is sent."""
        await self._ask("SELECT pg_notify($1, $2)", CHANNEL, payload)

    async def run(self, hear: Callable[[str | None], None]) -> None:
        """Listen until cancelled; ``hear`` gets each payload, and None whenever some may have been missed."""
        while True:
            try:
                async with self._sql.driver_connection() as connection:
                    await self._listen(connection, hear)
            except (SQLAlchemyError, *_FAULTS) as error:
                _log.warning("notices_interrupted", exc_info=error)
            await asyncio.sleep(RETRY_S)

    async def _listen(self, connection: asyncpg.Connection, hear: Callable[[str | None], None]) -> None:
        """Until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, lambda _connection, _pid, _channel, payload: hear(str(payload)))
        self._connection = connection
        hear(None)
        try:
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHECK_S):
                        await lost.wait()
                        return
                await self._ask("SELECT 1")
        finally:
            self._connection = None

    async def _ask(self, statement: str, *arguments: str) -> None:
        async with self._turn:
            connection = self._connection
            if connection is None:
                return
            try:
                async with asyncio.timeout(ANSWER_S):
                    await connection.execute(statement, *arguments)
            except _FAULTS as error:
                _log.warning("notices_connection_failed", exc_info=error)
                connection.terminate()
