"""SQL connections for two kinds of database behind one way to run work: plain functions of a ``Connection``.

SQLite: one writer thread with its own connection, a few reader threads; PostgreSQL: asyncpg, the same functions
through SQLAlchemy's ``run_sync``. One hop a transaction instead of one a statement is what makes SQLite fast here.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.errors import StoreUnavailable
from gateway.storage.fair_lock import FairLock
from gateway.storage.lost_server import give_up_lost_servers
from gateway.storage.writing_thread import WritingThread
from gateway.telemetry import log

T = TypeVar("T")
Work = Callable[[sa.Connection], T]
Asked = tuple[Work[Any], "asyncio.Future[Any]"]
Found = tuple[Any, BaseException | None]
READERS = 4
READS_AT_ONCE = 32
"""One that takes long keeps so many others waiting at most."""
BUSY_MS = 5000
"""How long a write waits for other writers."""
SNAPSHOT_S = 5.0
"""No read lasts longer on SQLite: while one looks at an old state, the write-ahead log grows."""
LOOK_EVERY = 20_000
"""SQLite's steps between two looks at the clock: some milliseconds."""
CHECKPOINT_PAGES = 1000
"""A commit that finds more pages in the log carries them over to the database, still under the lock: few at a time."""
LOG_BYTES = 16_000_000
"""What a log that grew keeps of its size when it is begun anew."""
_log = log.get("storage")


class Sql(Protocol):
    """A database."""

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` in one read-only snapshot; ``StoreUnavailable`` when the database cannot be read."""
        ...

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction and commit it; ``StoreUnavailable`` when it cannot be committed.

        Errors that come from the data (``is_data_error``) and everything ``work`` raises itself pass through; nothing
        is written then.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


def is_data_error(error: BaseException) -> bool:
    """Whether the data caused ``error``: the same work fails again, other work does not."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, ValueError | TypeError | OverflowError | KeyError)
    if isinstance(error.orig, sqlite3.DataError | sqlite3.IntegrityError | sqlite3.InterfaceError):
        return True
    state = getattr(error.orig, "sqlstate", None) or ""
    return state[:2] in {"22", "23"} or isinstance(error.orig and error.orig.__cause__, ValueError)


def unavailable(error: BaseException) -> StoreUnavailable:
    """The house's word for a database that does not work now."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    _log.error("database_failed", exc_info=error)
    return StoreUnavailable(f"the database cannot commit now ({type(cause).__name__}); see the log, retry later")


def upsert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, which each dialect spells with a class of its own."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


class ReadTooLong(StoreUnavailable):
    """A read was interrupted so that its snapshot does not last."""


class SqliteSql:
    """SQLite in WAL mode: readers never wait for the writer."""

    def __init__(self, url: sa.URL, *, synchronous: str) -> None:
        """Open lazily; ``synchronous`` FULL makes every commit survive a power cut."""
        self._closed = False
        self._asked: list[Asked] = []
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._writer = _sqlite_engine(url, 1, synchronous, begin="BEGIN IMMEDIATE")
        self.file = None if url.database in {None, "", ":memory:"} else Path(str(url.database))
        """Where it lies; None: in memory."""
        self._writing = WritingThread(self._writer, FairLock(self.file) if self.file is not None else None)
        self._reader = _sqlite_engine(url, READERS, synchronous, begin="BEGIN")

    async def read(self, work: Work[T]) -> T:
        """See ``Sql.read``. Reads asked for in one turn of the loop share a thread's work and its snapshot."""
        if self._closed:
            raise StoreUnavailable("the database has been closed")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_out, loop)
        self._asked.append((work, outcome))
        return await _translated(outcome)

    async def write(self, work: Work[T]) -> T:
        """See ``Sql.write``. Writers of all processes take turns, by one lock beside the file."""
        if self._closed:
            raise StoreUnavailable("the database has been closed")
        return await _translated(self._writing.run(work, within_s=BUSY_MS / 1000))

    def _hand_out(self, loop: asyncio.AbstractEventLoop) -> None:
        asked, self._asked = self._asked, []
        for first in range(0, len(asked), READS_AT_ONCE):
            some = asked[first : first + READS_AT_ONCE]
            try:
                self._reading.submit(self._read_some, loop, some)
            except RuntimeError:  # closed since
                for _, outcome in some:
                    if not outcome.done():
                        outcome.set_exception(StoreUnavailable("the database has been closed"))

    def _read_some(self, loop: asyncio.AbstractEventLoop, asked: Sequence[Asked]) -> None:
        """In a reader thread: run ``asked`` in one transaction; a work that fails costs the others nothing."""
        found: list[Found] = []
        while len(found) < len(asked):
            found += self._look(asked[len(found) :])
        loop.call_soon_threadsafe(_answer, asked, found)

    def _look(self, asked: Sequence[Asked]) -> list[Found]:
        """What the first of ``asked`` came to: as many as one snapshot of ``SNAPSHOT_S`` has time for, at least one."""
        found: list[Found] = []
        try:
            with self._reader.begin() as connection:
                until = time.monotonic() + SNAPSHOT_S
                driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
                driver.set_progress_handler(lambda: time.monotonic() > until, LOOK_EVERY)
                try:
                    for work, _ in asked:
                        outcome = _worked(work, connection)
                        late = time.monotonic() > until
                        if late and found and isinstance(outcome[1], ReadTooLong):
                            break  # those before it took the time: it has a snapshot of its own
                        found.append(outcome)
                        if isinstance(outcome[1], ReadTooLong):
                            _log.error("read_interrupted", after_s=SNAPSHOT_S)
                        if late:
                            break
                finally:
                    driver.set_progress_handler(None, 0)
        except Exception as error:  # noqa: BLE001 - whoever waits has to hear of it, whatever it is
            found += [(None, error)] * (len(asked) - len(found))
        return found

    async def aclose(self) -> None:
        """See ``Sql.aclose``."""
        self._closed = True
        await asyncio.to_thread(self._reading.shutdown)
        await self._writing.aclose(within_s=BUSY_MS / 1000)
        self._reader.dispose()
        self._writer.dispose()


def _worked(work: Work[Any], connection: sa.Connection) -> Found:
    try:
        return work(connection), None
    except DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            return None, error
        return None, ReadTooLong(f"this takes the database more than {SNAPSHOT_S:g} s; ask for less at once")
    except Exception as error:  # noqa: BLE001 - it is its caller's, who gets it
        return None, error


async def _translated(outcome: Awaitable[T]) -> T:
    """``outcome``, with the faults of the database in the house's words."""
    try:
        return await outcome
    except (SQLAlchemyError, OSError) as error:
        if is_data_error(error):
            raise
        raise unavailable(error) from error


def _answer(asked: Sequence[Asked], found: Sequence[Found]) -> None:
    for (_, outcome), (result, error) in zip(asked, found, strict=True):
        if outcome.done():
            continue  # its caller was cancelled
        if error is None:
            outcome.set_result(result)
        else:
            outcome.set_exception(error)


def _sqlite_engine(url: sa.URL, size: int, synchronous: str, *, begin: str) -> sa.Engine:
    engine = sa.create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=sa.QueuePool,
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # an error's text names no values of a statement: they are citizens'
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        _to_wal(connection)
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA cache_size=-32000")
        connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
        connection.execute("PRAGMA secure_delete=ON")  # what is erased leaves the file

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        # The driver is in autocommit mode: transactions are ours, so that a writer takes its lock at once.
        connection.exec_driver_sql(begin)

    return engine


def _to_wal(connection: sqlite3.Connection) -> None:
    """Switch a new file to WAL. While another process does the same, SQLite says busy without waiting."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


class PostgresSql:
    """PostgreSQL by asyncpg."""

    def __init__(self, url: sa.URL) -> None:
        """Connect lazily; a connection that died is replaced at its next use."""
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=READERS + 5,  # one of them listens
            max_overflow=0,
            hide_parameters=True,
            connect_args={"timeout": 10, "server_settings": {"jit": "off", "application_name": "gateway"}},
        )
        give_up_lost_servers(self._engine.sync_engine)
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    async def read(self, work: Work[T]) -> T:
        """See ``Sql.read``."""
        return await self._run(self._reader, work)

    async def write(self, work: Work[T]) -> T:
        """See ``Sql.write``."""
        return await self._run(self._engine, work)

    async def _run(self, engine: AsyncEngine, work: Work[T], *, again: bool = True) -> T:
        worked = False
        try:
            async with engine.begin() as connection:
                result = await connection.run_sync(work)
                worked = True
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            if is_data_error(error):
                raise
            if again and not worked and isinstance(error, DBAPIError) and error.connection_invalidated:
                # A pooled connection of before the server's restart; nothing was committed, the pool is fresh now.
                return await self._run(engine, work, again=False)
            raise unavailable(error) from error
        return result

    @asynccontextmanager
    async def driver_connection(self) -> AsyncIterator[Any]:
        """An ``asyncpg.Connection``, held as long as wanted and closed then. What fails is raised as it is."""
        async with self._engine.connect() as connection:
            try:
                yield (await connection.get_raw_connection()).driver_connection
            finally:
                await connection.invalidate()  # nobody else gets it with what was done to it

    async def aclose(self) -> None:
        """See ``Sql.aclose``."""
        await self._engine.dispose()
