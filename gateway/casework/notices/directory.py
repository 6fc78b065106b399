"""The directory in force with its units' calendars, read anew when another version is."""

from __future__ import annotations

from datetime import tzinfo

from gateway.casework.catalogues import DIRECTORY, Catalogues
from gateway.casework.notices.hours import UnitsInForce
from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.directory import Directory
from gateway.domain.hours import parse_span
from gateway.edge.unit_table import units_of
from gateway.ports.catalogues import CatalogueStore


class CurrentUnits:
    """Of the versions in ``store``; before the first one there is no unit."""

    def __init__(self, catalogues: Catalogues, store: CatalogueStore, *, zone: tzinfo, public: PublicDays) -> None:
        """Nothing is read yet."""
        self._catalogues = catalogues
        self._store = store
        self._zone = zone
        self._public = public
        self._version = 0
        self._units = UnitsInForce(directory=Directory(()))

    async def __call__(self) -> UnitsInForce:
        """They; ``StoreUnavailable``."""
        newest = await self._store.newest(DIRECTORY)
        if newest is not None and newest.version != self._version:
            units = units_of(await self._catalogues.rows(DIRECTORY, newest.version))
            calendars = {
                unit.code: WorkCalendar(
                    code=unit.code,
                    zone=self._zone,
                    spans=tuple(map(parse_span, unit.hours)),
                    public=self._public,
                )
                for unit in units
                if unit.hours
            }
            self._units = UnitsInForce(directory=Directory(units), calendars=calendars)
            self._version = newest.version
        return self._units
