"""Versions of the tables that decide about tickets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.errors import Conflict, NotFound
from gateway.ports.catalogues import CatalogueVersion
from gateway.storage import tables as t
from gateway.storage.audit import note
from gateway.storage.engine import Sql
from gateway.storage.texts import MAX_INT, check_texts

_C = t.catalogues.c
_NEWEST = sa.select(_C.kind, sa.func.max(_C.version).label("version")).group_by(_C.kind)
_OVERTAKEN = "somebody else has imported a version meanwhile; look at the difference again and repeat"


class SqlCatalogueStore:
    """Implements ``ports.catalogues.CatalogueStore``."""

    def __init__(self, *, sql: Sql) -> None:
        """The versions in this database."""
        self._sql = sql

    async def add(self, new: CatalogueVersion, *, beside: Mapping[str, int] | None = None) -> None:
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
        wanted = {**(beside or {}), new.kind: new.version - 1}

        def work(connection: sa.Connection) -> None:
            if connection.dialect.name == "postgresql":  # where two may look before either adds; SQLite lets one in
                connection.execute(sa.text("LOCK TABLE catalogues IN SHARE ROW EXCLUSIVE MODE"))
            newest = {one.kind: one.version for one in connection.execute(_NEWEST)}
            if any(newest.get(kind, 0) != number for kind, number in wanted.items()):
                raise Conflict(_OVERTAKEN)
            connection.execute(sa.insert(t.catalogues), row)
            note(connection, new.author, "catalogue.imported", new.name, sha256=new.sha256)

        await self._sql.write(work)

    async def newest_versions(self) -> dict[str, int]:
        """See ``ports.catalogues.CatalogueStore.newest_versions``."""
        rows = await self._sql.read(lambda c: c.execute(_NEWEST).all())
        return {row.kind: row.version for row in rows}

    async def one(self, kind: str, version: int) -> CatalogueVersion:
        """See ``ports.catalogues.CatalogueStore.one``."""
        found = await self._find(kind, _C.version == min(version, MAX_INT))
        if not found:
            raise NotFound(f"there is no version {version} of {kind}; `gateway dispatch versions` lists them")
        return found[0]

    async def all(self, kind: str) -> list[CatalogueVersion]:
        """See ``ports.catalogues.CatalogueStore.all``."""
        return await self._find(kind)

    async def _find(self, kind: str, *where: Any) -> list[CatalogueVersion]:
        check_texts((kind,))
        query = sa.select(t.catalogues).where(_C.kind == kind, *where).order_by(_C.version.desc())
        rows = await self._sql.read(lambda c: c.execute(query).mappings().all())
        return [CatalogueVersion(**{**row, "at": from_rfc3339(row["at"])}) for row in rows]
