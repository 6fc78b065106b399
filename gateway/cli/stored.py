"""What verbs share that use the database."""

from __future__ import annotations

import getpass
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from gateway.cli.private import private_dir
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.storage.database import Database


async def with_database(settings: Settings, use: Callable[[Database], Awaitable[int]]) -> int:
    """Open the configured database (making it when there is none), ``use`` it, close it."""
    from gateway.storage.database import open_database  # noqa: PLC0415 - the verbs' names are told without SQL

    private_dir(settings.data_dir)
    database = await open_database(settings.database_url, data_dir=settings.data_dir, zone=settings.zone)
    try:
        return await use(database)
    finally:
        await database.aclose()


def operator() -> str:
    """The user of the command line, as the audit trail names them."""
    try:
        return f"cli:{os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):  # no such user in this container
        return f"cli:{os.getuid()}"
