"""Browsers in which users have logged in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.storage import account_tables as a
from gateway.storage.engine import Sql
from gateway.storage.rows import replace
from gateway.storage.texts import check_texts


class SqlDeviceStore:
    """Implements ``ports.login_attempts.DeviceStore``."""

    def __init__(self, sql: Sql) -> None:
        """Browsers known to this database."""
        self._sql = sql

    async def knows(self, device_sha256: str, username: str | None, since: datetime) -> bool:
        """See ``ports.login_attempts.DeviceStore.knows``."""
        table = a.devices.c
        query = sa.select(table.username).where(table.device_sha256 == device_sha256, table.seen_at > rfc3339(since))
        if username is not None:
            check_texts((username,))
            query = query.where(table.username == username)
        return await self._sql.read(lambda c: c.execute(query.limit(1)).first()) is not None

    async def remember(self, device_sha256: str, username: str, now: datetime) -> None:
        """See ``ports.login_attempts.DeviceStore.remember``."""
        row = {"device_sha256": device_sha256, "username": username, "seen_at": rfc3339(now)}
        await self._sql.write(lambda c: replace(c, a.devices, row))
