"""Bring a database to this program's schema, from any folder, also when several processes start at once.

A revision is a file in ``migrations/versions``, written by hand; a test holds its result against ``tables.metadata``.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.errors import ConfigError

SCRIPTS = Path(__file__).with_name("migrations")
_LOCK = 12345_2026
"""Key of the advisory lock on PostgreSQL."""


def is_current(connection: sa.Connection) -> bool:
    """Whether the schema is the newest that this program knows. ``ConfigError`` when a later program made it."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and not knows(found):
        raise ConfigError(
            [f"a newer program made the database's schema ({found}): install that version, or restore a backup of this"]
        )
    return found == head()


def head() -> str | None:
    """The newest revision that this program knows."""
    return _scripts().get_current_head()


def knows(revision: str) -> bool:
    """Whether ``revision`` is this program's, so that it can go on from there."""
    return any(one.revision == revision for one in _scripts().walk_revisions())


def migrate(connection: sa.Connection) -> None:
    """Run what is missing inside the caller's transaction: a crash leaves the schema as it was.

    SQLite's ``BEGIN IMMEDIATE`` lets one process in; on PostgreSQL an advisory lock does.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if not is_current(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
