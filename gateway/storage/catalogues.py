"""Versions of the tables that decide about tickets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.errors import Conflict, NotFound
from gateway.ports.catalogues import CatalogueVersion
from gateway.storage import tables as t
from gateway.storage.audit import note
from gateway.storage.engine import Sql
from gateway.storage.texts import MAX_INT, check_texts


class SqlCatalogueStore:
    """Implements ``ports.catalogues.CatalogueStore``."""

    def __init__(self, *, sql: Sql) -> None:
        """The versions in this database."""
        self._sql = sql

    async def add(self, new: CatalogueVersion) -> None:
        """See ``ports.catalogues.CatalogueStore.add``."""
        check_texts((new.kind, new.author, new.note, new.body))
        row = {
            "kind": new.kind,
            "version": new.version,
            "author": new.author,
            "at": rfc3339(new.at),
            "note": new.note,
            "body": new.body,
            "sha256": new.sha256,
        }
        newest = sa.select(sa.func.max(t.catalogues.c.version)).where(t.catalogues.c.kind == new.kind)

        def work(connection: sa.Connection) -> None:
            if (connection.execute(newest).scalar() or 0) != new.version - 1:
                raise Conflict(_OVERTAKEN)
            connection.execute(sa.insert(t.catalogues), row)
            note(connection, new.author, "catalogue.imported", new.name, sha256=new.sha256)

        try:
            await self._sql.write(work)
        except IntegrityError as error:  # two at once, and the database let both look
            raise Conflict(_OVERTAKEN) from error

    async def newest(self, kind: str) -> CatalogueVersion | None:
        """See ``ports.catalogues.CatalogueStore.newest``."""
        found = await self._find(kind, limit=1)
        return found[0] if found else None

    async def newest_versions(self) -> dict[str, int]:
        """See ``ports.catalogues.CatalogueStore.newest_versions``."""
        columns = t.catalogues.c
        query = sa.select(columns.kind, sa.func.max(columns.version).label("version")).group_by(columns.kind)
        rows = await self._sql.read(lambda c: c.execute(query).all())
        return {row.kind: row.version for row in rows}

    async def one(self, kind: str, version: int) -> CatalogueVersion:
        """See ``ports.catalogues.CatalogueStore.one``."""
        found = await self._find(kind, t.catalogues.c.version == min(version, MAX_INT))
        if not found:
            raise NotFound(f"there is no version {version} of {kind}; `gateway dispatch versions` lists them")
        return found[0]

    async def all(self, kind: str) -> list[CatalogueVersion]:
        """See ``ports.catalogues.CatalogueStore.all``."""
        return await self._find(kind)

    async def _find(self, kind: str, *where: Any, limit: int | None = None) -> list[CatalogueVersion]:
        check_texts((kind,))
        query = sa.select(t.catalogues).where(t.catalogues.c.kind == kind, *where)
        query = query.order_by(t.catalogues.c.version.desc()).limit(limit)
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [CatalogueVersion(**{**row, "at": from_rfc3339(row["at"])}) for row in rows]


_OVERTAKEN = "somebody else has imported a version meanwhile; look at the difference again and repeat"
