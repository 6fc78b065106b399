"""Having the database's files forget what was overwritten: rows that are gone leave their bytes behind for a while.

SQLite zeroes what it deletes (``PRAGMA secure_delete``), but copies may be left in pages that it had rearranged before:
only writing the whole file anew (``VACUUM``) is certain. PostgreSQL reuses the room of dead rows after ``VACUUM``.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from gateway.storage.engine import PostgresSql, Sql, SqliteSql
from gateway.storage.erasure_table import COLUMNS, Does
from gateway.storage.fair_lock import FairLock

READERS_S = 0.2
"""So long a truncation waits for those who read; then writers come first again."""
TRIES = 25
_OPTIMIZE = "INSERT INTO ticket_pairs (ticket_pairs) VALUES ('optimize')"
"""The index of pairs keeps what was taken out until its parts are made one."""
_TOUCHED = [name for name, columns in COLUMNS.items() if not {*columns.values()} <= {Does.KEPT, Does.STAFF}]


async def scrub(sql: Sql) -> bool:
    """See ``ErasureStore.scrub``. PostgreSQL recycles its log by itself."""
    file = _file(sql)
    return file is None or await asyncio.to_thread(_on, file, ())


async def compact(sql: Sql) -> bool:
    """See ``ErasureStore.compact``."""
    if isinstance(sql, PostgresSql):
        async with sql.driver_connection() as connection:
            for table in _TOUCHED:
                await connection.execute(f"VACUUM {table}")
    file = _file(sql)
    return file is None or await asyncio.to_thread(_on, file, (_OPTIMIZE, "VACUUM"))


async def size(sql: Sql) -> int | None:
    """See ``ErasureStore.size``."""
    file = _file(sql)
    return None if file is None else (await asyncio.to_thread(file.stat)).st_size


def _file(sql: Sql) -> Path | None:
    return sql.file if isinstance(sql, SqliteSql) else None


def _on(file: Path, statements: Sequence[str]) -> bool:
    """Run them on an SQLite file, then cut its log down to nothing; False when others kept reading from that."""
    lock = FairLock(file)
    try:
        with closing(sqlite3.connect(file, timeout=READERS_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            for statement in statements:
                _alone(lock, connection, statement)
            for _ in range(TRIES):
                busy, *_ = _alone(lock, connection, "PRAGMA wal_checkpoint(TRUNCATE)")
                if not busy:
                    return True
                time.sleep(READERS_S)
            return False
    finally:
        lock.close()


def _alone(lock: FairLock, connection: sqlite3.Connection, statement: str) -> tuple[int, ...]:
    """Run it in turn with all who write."""
    lock.acquire()
    try:
        return connection.execute(statement).fetchone() or ()
    finally:
        lock.release()
