"""A consistent copy of the record, made beside a running gateway, and the files that it names."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

import sqlalchemy as sa

from gateway.backup.progress import Progress
from gateway.errors import ConfigError, StoreUnavailable

SQLITE, POSTGRES = "database/gateway.db", "database/postgresql.dump"
"""What a picture is called in an archive."""
PAGES = 20_000
"""Copied at once, some 80 MB: then progress is told."""
BUSY_S = 5.0
CONNECT_S = 10.0
_RECORDINGS = """
SELECT DISTINCT recording_path, {sha256} FROM interactions WHERE recording_path IS NOT NULL ORDER BY recording_path
"""
_ATTACHMENTS = "SELECT DISTINCT location, sha256 FROM attachments WHERE location IS NOT NULL ORDER BY location"
_EVENT_SEQ = "SELECT coalesce(max(value), 0) FROM counters WHERE name = 'event_seq'"
_TICKETS = "SELECT count(*) FROM tickets"
_SCHEMA = "SELECT version_num FROM alembic_version"
_INSTALL = (
    "install PostgreSQL's client programs (postgresql-client) of the server's version, or run this where they are"
)
_ANOTHER = "the database is of another version of the gateway; use the version that it was last started with"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The record as it was at ``event_seq``."""

    name: str
    """In an archive: ``SQLITE`` or ``POSTGRES``."""
    file: Path
    named: Path
    event_seq: int
    tickets: int
    schema: str

    def files(self) -> Iterator[tuple[str, str, str | None]]:
        """(``recordings`` or ``attachments``, location, SHA-256 if the record knows it), by location."""
        with self.named.open(encoding="utf-8") as lines:
            for line in lines:
                kind, location, sha256 = json.loads(line)
                yield kind, location, sha256


def take_picture(url: str, folder: Path, progress: Progress) -> Picture:
    """Into ``folder``. ``ConfigError`` when there is nothing to copy, or nothing to copy it with."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(Path(parsed.database or ""), folder, progress)
    return asyncio.run(_postgres(parsed, folder))


def _sqlite(database: Path, folder: Path, progress: Progress) -> Picture:
    if not database.is_file():
        raise ConfigError([f"there is no database {database}; is this the configuration of the running gateway?"])
    file, named = folder / "gateway.db", folder / "named"
    source = sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
    copy = sqlite3.connect(file)
    try:
        source.execute("BEGIN")
        source.execute(_SCHEMA).fetchone()  # from here on this connection sees one moment, whoever writes
        page = source.execute("PRAGMA page_size").fetchone()[0]
        done = 0

        def copied(_: int, remaining: int, total: int) -> None:
            nonlocal done
            progress.add((total - remaining - done) * page, files=0)
            done = total - remaining

        source.backup(copy, pages=PAGES, progress=copied)
        source.rollback()
        copy.execute("PRAGMA journal_mode=DELETE")  # one file
        if (found := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise StoreUnavailable(f"the database is damaged: {found}; keep your older backups")
        with named.open("w", encoding="utf-8") as out:
            sha256 = "json_extract(doc, '$.recording.sha256')"
            _note(out, "recordings", copy.execute(_RECORDINGS.format(sha256=sha256)))
            _note(out, "attachments", copy.execute(_ATTACHMENTS))
        numbers = [copy.execute(query).fetchone()[0] for query in (_EVENT_SEQ, _TICKETS, _SCHEMA)]
    except sqlite3.OperationalError as error:
        if "no such" in str(error):
            raise ConfigError([_ANOTHER]) from error
        raise StoreUnavailable(f"the database cannot be read: {error}") from error
    finally:
        copy.close()
        source.close()
    event_seq, tickets, schema = numbers
    return Picture(name=SQLITE, file=file, named=named, event_seq=event_seq, tickets=tickets, schema=schema)


async def _postgres(url: sa.URL, folder: Path) -> Picture:
    import asyncpg  # noqa: PLC0415 - only where there is a PostgreSQL

    pg_dump = client("pg_dump")
    file, named = folder / "postgresql.dump", folder / "named"
    connection = await asyncpg.connect(_plain(url), timeout=CONNECT_S)
    try:
        # pg_dump and the list of files look at one moment, whoever writes (PostgreSQL manual, 9.28.5).
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            command = [pg_dump, "--format=custom", f"--snapshot={snapshot}", f"--file={file}", "--no-password"]
            await asyncio.to_thread(run_client, command, url)
            with named.open("w", encoding="utf-8") as out:
                recordings = _RECORDINGS.format(sha256="doc #>> '{recording,sha256}'")
                for kind, query in (("recordings", recordings), ("attachments", _ATTACHMENTS)):
                    async for row in connection.cursor(query):
                        _note(out, kind, [tuple(row)])
            numbers = [await connection.fetchval(query) for query in (_EVENT_SEQ, _TICKETS, _SCHEMA)]
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError) as error:
        raise ConfigError([_ANOTHER]) from error
    finally:
        await connection.close()
    event_seq, tickets, schema = numbers
    return Picture(name=POSTGRES, file=file, named=named, event_seq=event_seq, tickets=tickets, schema=schema)


async def is_empty(url: sa.URL) -> bool:
    """Whether a PostgreSQL database has no record yet. ``OSError`` when it cannot be reached."""
    import asyncpg  # noqa: PLC0415 - only where there is a PostgreSQL

    connection = await asyncpg.connect(_plain(url), timeout=CONNECT_S)
    try:
        return bool(await connection.fetchval("SELECT to_regclass('counters') IS NULL"))
    finally:
        await connection.close()


def _plain(url: sa.URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def client(name: str) -> str:
    """The path of one of PostgreSQL's own programs; ``ConfigError`` where it is not installed."""
    found = shutil.which(name)
    if found is None:
        raise ConfigError([f"{name} is not installed here: {_INSTALL}"])
    return found


def run_client(command: list[str], url: sa.URL) -> None:
    """Run it against the database at ``url``; its password is on no command line. ``StoreUnavailable``."""
    asked = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = os.environ | {"PGDATABASE": url.database or ""} | {k: str(v) for k, v in asked.items() if v}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - no shell; a fixed program
    if done.returncode:
        raise StoreUnavailable(f"{Path(command[0]).name} failed: {done.stderr.strip()[-2000:]}")


def _note(out: TextIO, kind: str, rows: Iterator[tuple[str, str | None]] | list[tuple[str, ...]]) -> None:
    out.writelines(json.dumps([kind, location, sha256]) + "\n" for location, sha256 in rows)
