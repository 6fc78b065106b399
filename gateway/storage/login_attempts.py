"""Failed log-ins by bucket: reserved in one transaction, so that the rules hold over all processes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.domain.attempts import Attempts, latest_lock
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.ports.login_attempts import Bucket, Reservation
from gateway.storage.account_tables import login_attempts as table
from gateway.storage.engine import Sql, upsert

KEPT = timedelta(days=1)
"""A bucket in which nothing was tried for so long is forgotten."""


class SqlLoginAttempts:
    """Implements ``ports.login_attempts.LoginAttempts``."""

    def __init__(self, sql: Sql) -> None:
        """Attempts counted in this database."""
        self._sql = sql

    async def locked_until(self, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
        """See ``ports.login_attempts.LoginAttempts.locked_until``."""
        return await self._sql.read(lambda c: _locked_until(c, buckets, now))

    async def reserve(self, buckets: Sequence[Bucket], now: datetime) -> Reservation:
        """See ``ports.login_attempts.LoginAttempts.reserve``."""
        return await self._sql.write(lambda c: _reserve(c, buckets, now))

    async def was_right(self, *, forget: Bucket, give_back: Sequence[Bucket]) -> None:
        """See ``ports.login_attempts.LoginAttempts.was_right``."""
        await self._sql.write(lambda c: _was_right(c, forget, give_back))


def _locked_until(connection: sa.Connection, buckets: Sequence[Bucket], now: datetime) -> datetime | None:
    keys = [bucket.key for bucket in buckets]
    locks = (table.c.locked_until > rfc3339(now), table.c.locked_until <= rfc3339(latest_lock(now)))
    latest = sa.select(sa.func.max(table.c.locked_until)).where(table.c.bucket.in_(keys), *locks)
    found = connection.execute(latest).scalar()
    return from_rfc3339(found) if found is not None else None


def _reserve(connection: sa.Connection, buckets: Sequence[Bucket], now: datetime) -> Reservation:
    connection.execute(sa.delete(table).where(table.c.since < rfc3339(now - KEPT)))
    stored = _locked_rows(connection, buckets, now)
    locks = [attempts.locked_until for attempts in stored.values() if attempts.locked(now)]
    if locks:
        return Reservation(locked_until=max(filter(None, locks)))
    reserved = {bucket: stored[bucket.key].one_more(bucket.rule, now) for bucket in buckets}
    for bucket, attempts in reserved.items():
        _save(connection, bucket, attempts)
    return Reservation(locks=any(attempts.locked_until for attempts in reserved.values()))


def _was_right(connection: sa.Connection, forget: Bucket, give_back: Sequence[Bucket]) -> None:
    connection.execute(sa.delete(table).where(table.c.bucket == forget.key))
    for bucket in give_back:
        row = connection.execute(sa.select(table).where(table.c.bucket == bucket.key).with_for_update()).one_or_none()
        if row is not None:
            _save(connection, bucket, _attempts(row).one_less(bucket.rule))


def forget_user(connection: sa.Connection, username_sha256: str) -> None:
    """Failures under this name count no more, from wherever they came."""
    connection.execute(sa.delete(table).where(table.c.username_sha256 == username_sha256))


def _locked_rows(connection: sa.Connection, buckets: Sequence[Bucket], now: datetime) -> dict[str, Attempts]:
    """The rows of ``buckets``, made where there are none, held against every other transaction; always in one order."""
    keys = sorted(bucket.key for bucket in buckets)
    named = {bucket.key: bucket.username_sha256 for bucket in buckets}
    rows = [
        {"bucket": key, "username_sha256": named[key], "failed": 0, "since": rfc3339(now), "locked_until": None}
        for key in keys
    ]
    connection.execute(upsert(connection, table).on_conflict_do_nothing(), rows)
    query = sa.select(table).where(table.c.bucket.in_(keys)).order_by(table.c.bucket).with_for_update()
    return {row.bucket: _attempts(row) for row in connection.execute(query)}


def _attempts(row: sa.Row[tuple[str, str | None, int, str, str | None]]) -> Attempts:
    until = row.locked_until
    return Attempts(row.failed, from_rfc3339(row.since), from_rfc3339(until) if until is not None else None)


def _save(connection: sa.Connection, bucket: Bucket, attempts: Attempts) -> None:
    until = attempts.locked_until
    connection.execute(
        sa.update(table)
        .where(table.c.bucket == bucket.key)
        .values(
            failed=attempts.failed,
            since=rfc3339(attempts.since),
            locked_until=rfc3339(until) if until is not None else None,
        )
    )
