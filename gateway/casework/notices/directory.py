"""The directory in force, read anew when another version is."""

from __future__ import annotations

from gateway.casework.catalogues import DIRECTORY, Catalogues
from gateway.domain.case.directory import Directory
from gateway.edge.unit_table import units_of
from gateway.ports.catalogues import CatalogueStore


class CurrentDirectory:
    """Of the versions in ``store``; before the first one there is no unit."""

    def __init__(self, catalogues: Catalogues, store: CatalogueStore) -> None:
        """Nothing is read yet."""
        self._catalogues = catalogues
        self._store = store
        self._version = 0
        self._directory = Directory(())

    async def __call__(self) -> Directory:
        """It; ``StoreUnavailable``."""
        newest = await self._store.newest(DIRECTORY)
        if newest is not None and newest.version != self._version:
            self._directory = Directory(units_of(await self._catalogues.rows(DIRECTORY, newest.version)))
            self._version = newest.version
        return self._directory
