"""Looking at a database without changing anything of it: no schema is made, no file is written."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect

from gateway.errors import ConfigError, StoreUnavailable
from gateway.storage.migrate import head, knows

BUSY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """An API token; ``expires_at`` RFC 3339, None: never."""

    name: str
    expires_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found."""

    kind: str
    """``sqlite`` or ``postgresql``."""
    version: str
    encoding: str
    synchronous: str
    """PostgreSQL's synchronous_commit; SQLite's is set by each connection and not asked."""
    writable: bool
    """False: a replica, or a role that may not create anything."""
    schema: str | None
    """Its newest migration; None: an empty database."""
    ahead_s: float | None
    """By how much the server's clock is ahead of ours; None: it has none of its own."""
    tokens: Sequence[StoredToken]

    @property
    def current(self) -> bool:
        """Whether its schema is this program's."""
        return self.schema == head()

    @property
    def newer(self) -> bool:
        """Whether a later program made its schema."""
        return self.schema is not None and not knows(self.schema)


async def inspect(url: str, *, timeout_s: float) -> Inspection | None:
    """Look at the database; None where SQLite has no file yet.

    ``ConfigError`` for a URL of another database, ``StoreUnavailable`` says in the server's words why it cannot be had.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise ConfigError(["database.url is no URL; leave it empty for SQLite"]) from None
    match parsed.get_backend_name():
        case "sqlite":
            return await asyncio.to_thread(_sqlite, Path(parsed.database or ""))
        case "postgresql":
            return await _postgres(parsed, timeout_s)
        case other:
            raise ConfigError([f"database.url: {other!r} is not supported; use postgresql+asyncpg://…"])


def _sqlite(path: Path) -> Inspection | None:
    try:
        if not path.is_file():
            return None
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}") from error
    # Without a log beside it nobody has it open, and SQLite would make one to read it: ``immutable`` leaves it alone.
    open_by_nobody = not path.with_name(f"{path.name}-wal").exists()
    address = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if open_by_nobody else ''}"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S)) as connection:

            def ask(query: str) -> list[Any]:
                return connection.execute(query).fetchall()

            tables = {row[0] for row in ask("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return Inspection(
                kind="sqlite",
                version=sqlite3.sqlite_version,
                encoding=ask("PRAGMA encoding")[0][0],
                synchronous="",
                writable=True,
                ahead_s=None,
                **_contents(tables, ask),
            )
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path}: {error}") from error


async def _postgres(url: sa.URL, timeout_s: float) -> Inspection:
    _, arguments = asyncpg_dialect().create_connect_args(url)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
    for key in [key for key in arguments if key.startswith("prepared_statement")]:
        del arguments[key]  # SQLAlchemy's own
    where = url.host or "the local socket"
    try:
        async with asyncio.timeout(timeout_s):
            connection = await asyncpg.connect(**arguments, timeout=timeout_s)
            try:
                return await _asked(connection)
            finally:
                connection.terminate()
    except TimeoutError:
        raise StoreUnavailable(f"{where}: no answer within {timeout_s:g} s") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise StoreUnavailable(f"{where}: {error}") from error


async def _asked(connection: Any) -> Inspection:
    sent = time.time()
    there = float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))
    ours = (sent + time.time()) / 2
    tables = {
        row[0]
        for row in await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = ANY(current_schemas(false))"
        )
    }
    answers = {query: await connection.fetch(query) for table, query in _QUERIES.items() if table in tables}
    return Inspection(
        kind="postgresql",
        version=await connection.fetchval("SHOW server_version"),
        encoding=await connection.fetchval("SHOW server_encoding"),
        synchronous=await connection.fetchval("SHOW synchronous_commit"),
        writable=await connection.fetchval(_WRITABLE),
        ahead_s=there - ours,
        **_contents(tables, lambda query: answers[query]),
    )


_WRITABLE = "SELECT NOT pg_is_in_recovery() AND coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
_QUERIES = {
    "alembic_version": "SELECT version_num FROM alembic_version",
    "tokens": "SELECT name, expires_at FROM tokens ORDER BY name",
}


def _contents(tables: set[str], ask: Callable[[str], Sequence[Any]]) -> dict[str, Any]:
    found = {table: ask(query) if table in tables else [] for table, query in _QUERIES.items()}
    return {
        "schema": found["alembic_version"][0][0] if found["alembic_version"] else None,
        "tokens": [StoredToken(name=row[0], expires_at=row[1]) for row in found["tokens"]],
    }
