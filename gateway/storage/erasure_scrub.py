"""Having the database's files forget what was overwritten: rows that are gone leave their bytes behind for a while.

SQLite zeroes what it deletes (``PRAGMA secure_delete``), but copies may be left in pages that it had rearranged before:
only writing the whole file anew (``VACUUM``) is certain. PostgreSQL reuses the room of dead rows after ``VACUUM``.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from gateway.storage.engine import PostgresSql, Sql, SqliteSql
from gateway.storage.erasure_table import COLUMNS, Does
from gateway.storage.fair_lock import FairLock

READERS_S = 0.2
"""So long a truncation waits for those who read; then writers come first again."""
TRIES = 25
_TOUCHED = [name for name, columns in COLUMNS.items() if {*columns.values()} - {Does.KEPT, Does.STAFF}]


async def scrub(sql: Sql, *, compact: bool) -> bool:
    """See ``ErasureStore.scrub``."""
    if isinstance(sql, PostgresSql):
        async with sql.driver_connection() as connection:
            for table in sorted(_TOUCHED):
                await connection.execute(f"VACUUM {'FULL ' if compact else ''}{table}")
        return True
    if isinstance(sql, SqliteSql) and sql.file is not None:
        return await asyncio.to_thread(_scrub_file, sql.file, compact=compact)
    return True


async def size(sql: Sql) -> int | None:
    """See ``ErasureStore.size``."""
    if isinstance(sql, SqliteSql) and sql.file is not None:
        return await asyncio.to_thread(lambda: sql.file.stat().st_size if sql.file is not None else 0)
    return None


def _scrub_file(file: Path, *, compact: bool) -> bool:
    lock = FairLock(file)
    try:
        with closing(sqlite3.connect(file, timeout=READERS_S, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            if compact:
                _alone(lock, connection, "VACUUM")
            for _ in range(TRIES):
                busy, _, _ = _alone(lock, connection, "PRAGMA wal_checkpoint(TRUNCATE)")
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
