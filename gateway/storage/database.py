"""Opening the record of truth: migrations, then everything that is read and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from gateway.edge.system_clock import SystemClock
from gateway.errors import ConfigError
from gateway.ports.clock import Clock
from gateway.storage.audit import SqlAuditTrail
from gateway.storage.baselines import SqlBaselines
from gateway.storage.case_lists import SqlCaseLists
from gateway.storage.catalogues import SqlCatalogueStore
from gateway.storage.channel_leases import SqlChannelLeases
from gateway.storage.clock_rows import SqlCaseClocks
from gateway.storage.commit_net import POLL_S, CommitNet
from gateway.storage.conversations import SqlConversationStore
from gateway.storage.deliveries import SqlDeliveryStore
from gateway.storage.devices import SqlDeviceStore
from gateway.storage.engine import PostgresSql, Sql, SqliteSql
from gateway.storage.erasure import SqlErasureStore
from gateway.storage.leases import SqlLeaseStore
from gateway.storage.login_attempts import SqlLoginAttempts
from gateway.storage.migrate import is_current
from gateway.storage.migrate import migrate as run_missing
from gateway.storage.notice_rows import SqlNoticeStore
from gateway.storage.open_work import SqlOpenWork
from gateway.storage.outbox import SqlAttachmentStore, SqlChannelStates, SqlOutboxStore
from gateway.storage.phones import SqlPhoneBook
from gateway.storage.reader import SqlTicketReader
from gateway.storage.refused_calls import SqlRefusedCalls
from gateway.storage.replies import SqlReplyReads
from gateway.storage.search_index import SqlSearchIndex
from gateway.storage.sessions import SqlSessionStore
from gateway.storage.signal import CommitSignal
from gateway.storage.similar import SqlTicketWords
from gateway.storage.tokens import SqlTokenStore
from gateway.storage.unsure_clocks import SqlUnsureClocks
from gateway.storage.users import SqlUserStore
from gateway.storage.watched import WatchedSql
from gateway.storage.ways import SqlWays
from gateway.storage.writer import MAX_BATCH, GroupCommitWriter

if TYPE_CHECKING:
    from gateway.storage.notices import PostgresNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open database: one object for each Protocol of ``gateway.ports`` that SQL implements."""

    sql: Sql
    committed: CommitSignal
    net: CommitNet
    notices: PostgresNotices | None
    """None where the database is SQLite."""
    changes: GroupCommitWriter
    reader: SqlTicketReader
    leases: SqlLeaseStore
    deliveries: SqlDeliveryStore
    users: SqlUserStore
    sessions: SqlSessionStore
    tokens: SqlTokenStore
    login_attempts: SqlLoginAttempts
    devices: SqlDeviceStore
    audit: SqlAuditTrail
    phones: SqlPhoneBook
    conversations: SqlConversationStore
    outbox: SqlOutboxStore
    attachments: SqlAttachmentStore
    channel_states: SqlChannelStates
    channel_leases: SqlChannelLeases
    case_clocks: SqlCaseClocks
    case_lists: SqlCaseLists
    words: SqlTicketWords
    refused_calls: SqlRefusedCalls
    baselines: SqlBaselines
    ways: SqlWays
    open_work: SqlOpenWork
    erasures: SqlErasureStore
    catalogues: SqlCatalogueStore
    unit_notices: SqlNoticeStore
    search: SqlSearchIndex
    unsure_clocks: SqlUnsureClocks
    replies: SqlReplyReads

    async def aclose(self) -> None:
        """Commit what waits, close every connection."""
        await self.changes.aclose()
        await self.sql.aclose()


async def open_database(
    url: str,
    *,
    data_dir: Path,
    zone: ZoneInfo,
    synchronous: str = "FULL",
    clock: Clock | None = None,
    max_batch: int = MAX_BATCH,
    poll_s: float = POLL_S,
    migrate: bool = True,
    is_gone: Callable[[str], bool] = lambda _: False,
) -> Database:
    """Open the database at ``url`` (empty: SQLite in ``data_dir``), with ``migrate`` bring its schema up to date.

    ``zone`` is the city's: it decides when a ticket number's day begins. ``synchronous`` is SQLite's; anything less
    than FULL may lose the last commits on power loss. ``poll_s`` is how often ``net`` looks for commits of which
    nobody told; ``is_gone`` knows of owners of leases that need not be waited for. Raises ``ConfigError`` for a URL of
    another database and, without ``migrate``, for a schema that is not this program's; ``StoreUnavailable`` when it
    cannot be reached.
    """
    clock = clock or SystemClock()
    sql = _connect(url, data_dir, synchronous)
    try:
        await _bring_up_to_date(sql, migrate=migrate)
    except BaseException:
        await sql.aclose()
        raise
    committed, watched = CommitSignal(), WatchedSql(sql, clock, is_gone)
    return Database(
        sql=sql,
        committed=committed,
        net=CommitNet(sql=watched, committed=committed, poll_s=poll_s),
        notices=_notices(sql),
        changes=GroupCommitWriter(sql=watched, zone=zone, clock=clock, committed=committed, max_batch=max_batch),
        reader=SqlTicketReader(sql=watched, committed=committed, zone=zone),
        leases=SqlLeaseStore(sql=watched),
        deliveries=SqlDeliveryStore(sql=watched, clock=clock),
        users=SqlUserStore(sql),
        sessions=SqlSessionStore(sql),
        tokens=SqlTokenStore(sql),
        login_attempts=SqlLoginAttempts(sql),
        devices=SqlDeviceStore(sql),
        audit=SqlAuditTrail(sql),
        phones=SqlPhoneBook(sql=sql, clock=clock),
        conversations=SqlConversationStore(sql=sql),
        outbox=SqlOutboxStore(sql=watched, clock=clock),
        attachments=SqlAttachmentStore(sql=watched, clock=clock),
        channel_states=SqlChannelStates(sql=sql),
        channel_leases=SqlChannelLeases(sql=sql, clock=clock),
        case_clocks=SqlCaseClocks(sql=watched, clock=clock),
        case_lists=SqlCaseLists(sql=sql),
        words=SqlTicketWords(sql=sql),
        refused_calls=SqlRefusedCalls(sql=sql),
        baselines=SqlBaselines(sql=sql),
        ways=SqlWays(sql=sql),
        open_work=SqlOpenWork(sql=watched, clock=clock),
        erasures=SqlErasureStore(sql=sql, clock=clock, committed=committed),
        catalogues=SqlCatalogueStore(sql=sql),
        unit_notices=SqlNoticeStore(sql=watched, clock=clock),
        search=SqlSearchIndex(sql=sql, next_commit=committed.next),
        unsure_clocks=SqlUnsureClocks(sql=sql),
        replies=SqlReplyReads(sql=sql),
    )


def _notices(sql: Sql) -> PostgresNotices | None:
    if not isinstance(sql, PostgresSql):
        return None
    from gateway.storage.notices import PostgresNotices  # noqa: PLC0415 - with asyncpg, which SQLite does without

    return PostgresNotices(sql)


async def migrate_database(url: str, *, data_dir: Path) -> None:
    """Bring the schema at ``url`` up to date: once, before the processes start that open it without ``migrate``.

    Raises what ``open_database`` does.
    """
    sql = _connect(url, data_dir, "FULL")
    try:
        await _bring_up_to_date(sql, migrate=True)
    finally:
        await sql.aclose()


async def _bring_up_to_date(sql: Sql, *, migrate: bool) -> None:
    if await sql.read(is_current):
        return
    if not migrate:
        raise ConfigError(
            ["the database's schema is not this program's; start it with 'gateway run', which brings it up to date"]
        )
    await sql.write(run_missing)


async def stored_tokens(url: str, *, data_dir: Path) -> list[dict[str, Any]]:
    """The API tokens, without touching the schema: none where there is no database yet, or it waits for its migration.

    Raises as ``open_database`` does.
    """
    parsed = _parsed(url, data_dir)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():  # noqa: ASYNC240 - once
        return []
    sql = _connect(url, data_dir, "FULL")
    try:
        return await SqlTokenStore(sql).all() if await sql.read(is_current) else []
    finally:
        await sql.aclose()


def _parsed(url: str, data_dir: Path) -> sa.URL:
    try:
        return sa.make_url(url or f"sqlite:///{data_dir.resolve() / 'gateway.db'}")
    except sa.exc.ArgumentError as error:
        raise ConfigError(["database.url is no URL; leave it empty for SQLite"]) from error


def _connect(url: str, data_dir: Path, synchronous: str) -> Sql:
    parsed = _parsed(url, data_dir)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return SqliteSql(parsed, synchronous=synchronous)
    if backend == "postgresql":
        return PostgresSql(parsed)
    raise ConfigError([f"database.url: {backend!r} is not supported; use postgresql+asyncpg://… or leave it empty"])
