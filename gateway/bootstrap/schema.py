"""The database before anything runs: made, and at this program's schema."""

from __future__ import annotations

from gateway.settings import Settings
from gateway.storage.database import open_database


async def prepare_database(settings: Settings) -> None:
    """Migrate; the processes that start afterwards find nothing to do. ``ConfigError``, ``StoreUnavailable``."""
    database = await open_database(settings.database_url, data_dir=settings.data_dir, zone=settings.zone)
    await database.aclose()
