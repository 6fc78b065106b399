"""Wires the tables that decide about cases: those of the installation are the first, those in force are held."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.casework.catalogues import KINDS, Catalogues
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.case.matters import Matters
from gateway.edge.unit_table import read_units
from gateway.errors import ConfigError
from gateway.ports.clock import Clock
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.telemetry import log

if TYPE_CHECKING:
    from gateway.web.catalogue import Catalogue

_log = log.get("case_tables")


def tables_in_force(settings: Settings, database: Database) -> TablesInForce:
    """What the store's commands go by from its first ``refresh`` on."""
    matters = _matters(settings.config_dir)
    return TablesInForce(store=database.catalogues, zone=settings.zone, tell=database.changes.go_by, matters=matters)


def _matters(config_dir: Path) -> Matters:
    """Of the installation's taxonomy; of one that does not hold nothing is urgent but what is entered so."""
    try:
        return Matters(read_taxonomy(config_dir / "taxonomy.csv", read_units(config_dir / "units.csv")))
    except ConfigError as error:
        _log.error("case_matters_not_taken", exc_info=error)
        return Matters()


async def adopt_tables(settings: Settings, database: Database, clock: Clock) -> None:
    """The installation's files become the first versions of tables that have none.

    A file that does not hold keeps nobody from taking calls: it is logged, and ``gateway check`` says what is wrong.
    """
    if KINDS.keys() <= (await database.catalogues.newest_versions()).keys():
        return
    from gateway.web.catalogue import Catalogue  # noqa: PLC0415 - a voice process does without the web's libraries

    try:
        known = await asyncio.to_thread(Catalogue.read, settings.config_dir)
        await catalogues(known, database, clock).adopt(lambda name: shipped(settings.config_dir / name))
    except ConfigError as error:
        _log.error("case_tables_not_adopted", exc_info=error)


def catalogues(known: Catalogue, database: Database, clock: Clock) -> Catalogues:
    """The use cases of officers, who write codes of the ``known`` tables."""
    divisions = {row["code"]: row["name"] for row in json.loads(known.divisions.body)["items"]}
    return Catalogues(store=database.catalogues, clock=clock, categories=known.category_names, divisions=divisions)


def shipped(path: Path) -> bytes | None:
    """What the installation says in this file; None where it has none."""
    return path.read_bytes() if path.exists() else None
