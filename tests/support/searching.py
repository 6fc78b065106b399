"""The index of searches, kept up with the record by hand."""

from __future__ import annotations

from gateway.storage.database import Database


async def indexed(database: Database) -> None:
    """Everything that was committed can be searched."""
    await database.search.keep_rules()
    while await database.search.some():
        pass
