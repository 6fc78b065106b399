"""Wires the tables that decide about cases: those of the installation are the first, those in force are held."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.casework.catalogue_versions import DISPATCH, KINDS
from gateway.casework.catalogues import Catalogues
from gateway.casework.tables_in_force import TablesInForce
from gateway.domain.case.matters import Matters
from gateway.edge.unit_table import read_units
from gateway.errors import ConfigError
from gateway.ports.catalogues import CatalogueStore
from gateway.ports.clock import Clock
from gateway.prefill.place import Gazetteer
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.telemetry import log

_log = log.get("case_tables")


def tables_in_force(settings: Settings, database: Database, *, dispatches: bool = True) -> TablesInForce:
    """What the store's commands go by: at once by the taxonomy, by the versions from its first ``refresh`` on.

    ``dispatches``: whether this process decides who must act; the dispatch table, by far the longest, is for that.
    """
    return TablesInForce(
        store=database.catalogues,
        zone=settings.zone,
        tell=database.changes.go_by,
        matters=_matters(settings.config_dir),
        kinds=KINDS.keys() if dispatches else KINDS.keys() - {DISPATCH},
    )


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
    try:
        tables = await asyncio.to_thread(catalogues, settings.config_dir, database.catalogues, clock)
        await tables.adopt(lambda name: shipped(settings.config_dir / name))
    except (ConfigError, OSError) as error:
        _log.error("case_tables_not_adopted", exc_info=error)


def catalogues(config_dir: Path, store: CatalogueStore, clock: Clock) -> Catalogues:
    """The use cases of officers, who write codes of the taxonomy and the gazetteer below ``config_dir``.

    ``ConfigError`` for what is wrong in these two.
    """
    gazetteer = Gazetteer.read(config_dir / "gazetteer.csv")
    return Catalogues(
        store=store,
        clock=clock,
        categories={
            code: node.names[-1] for code, node in read_taxonomy(config_dir / "taxonomy.csv", units=None).items()
        },
        divisions={code: division.name for code, division in gazetteer.by_code.items()},
    )


def shipped(path: Path) -> bytes | None:
    """What the installation says in this file; None where it has none."""
    return path.read_bytes() if path.exists() else None
