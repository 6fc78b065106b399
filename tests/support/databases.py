"""Databases with today's schema for tests, made without running every migration anew."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from gateway.storage.migrate import migrate


def ready_sqlite(path: Path) -> Path:
    """Make ``path`` a SQLite database of today's schema."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_migrated(), path)
    return path


@cache
def _migrated() -> Path:
    """One that was migrated, once in this process."""
    path = Path(tempfile.mkdtemp(prefix="gateway-schema-")) / "gateway.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection)
    engine.dispose()
    return path
