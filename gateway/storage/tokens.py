"""Tokens of the API, and the secrets of sources that sign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.storage import account_tables as a
from gateway.storage.among import among
from gateway.storage.asked_together import AskedTogether
from gateway.storage.audit import note
from gateway.storage.engine import Sql
from gateway.storage.rows import one, replace, with_times
from gateway.storage.texts import check_texts


class SqlTokenStore:
    """Implements ``ports.tokens.TokenStore``."""

    def __init__(self, sql: Sql) -> None:
        """Tokens of this database."""
        self._sql = sql
        # Many streams ask at once whether they may go on.
        self._asked = AskedTogether(self._known)

    async def add(
        self,
        *,
        name: str,
        scopes: list[str],
        token_sha256: str,
        hmac_secret: str | None = None,
        expires_at: datetime | None = None,
        addresses: Sequence[str] = (),
        by: str | None = None,
    ) -> None:
        """See ``ports.tokens.TokenStore.add``."""
        check_texts((name, *scopes, hmac_secret, *addresses, by))
        row = {
            "name": name,
            "scopes": scopes,
            "token_sha256": token_sha256,
            "hmac_secret": hmac_secret,
            "expires_at": rfc3339(expires_at) if expires_at is not None else None,
            "addresses": list(addresses) or None,
        }

        def work(connection: sa.Connection) -> None:
            replace(connection, a.tokens, row)
            note(connection, by, "token.created", name, scopes=scopes, expires_at=row["expires_at"])

        await self._sql.write(work)

    async def get(self, token_sha256: str) -> dict[str, Any] | None:
        """See ``ports.tokens.TokenStore.get``."""
        check_texts((token_sha256,))
        return await self._asked.get(token_sha256)

    async def all(self) -> list[dict[str, Any]]:
        """See ``ports.tokens.TokenStore.all``."""
        table = a.tokens.c
        signs = table.hmac_secret.is_not(None).label("signs")
        query = sa.select(table.name, table.scopes, signs, table.expires_at, table.addresses).order_by(table.name)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [_token({**row, "signs": bool(row["signs"])}) or {} for row in rows]

    async def remove(self, name: str, *, by: str | None = None) -> bool:
        """See ``ports.tokens.TokenStore.remove``."""
        check_texts((name, by))
        delete = sa.delete(a.tokens).where(a.tokens.c.name == name)

        def work(connection: sa.Connection) -> bool:
            if connection.execute(delete).rowcount == 0:
                return False
            note(connection, by, "token.revoked", name)
            return True

        return await self._sql.write(work)

    async def signing_source(self, name: str) -> dict[str, Any] | None:
        """See ``ports.tokens.TokenStore.signing_source``."""
        table = a.tokens.c
        query = sa.select(table.name, table.hmac_secret, table.expires_at, table.addresses).where(
            table.name == name, table.hmac_secret.is_not(None)
        )
        return _token(await one(self._sql, query, name))

    async def _known(self, digests: Sequence[str]) -> dict[str, dict[str, Any]]:
        table = a.tokens.c
        query = sa.select(table.token_sha256, table.name, table.scopes, table.expires_at, table.addresses)
        query = query.where(among(table.token_sha256, digests))
        rows = await self._sql.read(lambda c: [dict(row) for row in c.execute(query).mappings()])
        return {row.pop("token_sha256"): _token(row) or {} for row in rows}


def _token(row: dict[str, Any] | None) -> dict[str, Any] | None:
    found = with_times(row, "expires_at")
    return found and found | {"addresses": tuple(found["addresses"] or ())}
