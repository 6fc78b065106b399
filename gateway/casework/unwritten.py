"""Versions of tables as they would be: for who looks at what is not brought into force."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.ports.catalogues import CatalogueStore, CatalogueVersion


class Unwritten:
    """A ``CatalogueStore`` whose ``add`` is remembered here alone; it adds one version of a kind at most."""

    def __init__(self, store: CatalogueStore) -> None:
        """Beside what ``store`` holds."""
        self._store = store
        self._added: dict[str, CatalogueVersion] = {}

    async def add(self, new: CatalogueVersion, *, beside: Mapping[str, int] | None = None) -> None:  # noqa: ARG002 - of the port
        """It is the newest of its kind from now on."""
        self._added[new.kind] = new

    async def newest_versions(self) -> dict[str, int]:
        """See ``CatalogueStore.newest_versions``."""
        return await self._store.newest_versions() | {kind: one.version for kind, one in self._added.items()}

    async def one(self, kind: str, version: int) -> CatalogueVersion:
        """See ``CatalogueStore.one``."""
        added = self._added.get(kind)
        return added if added is not None and added.version == version else await self._store.one(kind, version)

    async def all(self, kind: str) -> list[CatalogueVersion]:
        """See ``CatalogueStore.all``."""
        added = [self._added[kind]] if kind in self._added else []
        return [*added, *await self._store.all(kind)]
