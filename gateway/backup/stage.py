"""The folder in which a restore works. While it lies in ``data_dir``, what is there is not whole."""

from __future__ import annotations

from pathlib import Path

from gateway.errors import ConfigError

STAGE = ".restoring"


def refuse_half_restored(data_dir: Path) -> None:
    """``ConfigError`` while a backup is being put back into ``data_dir``, and after one that was cut off."""
    if (data_dir / STAGE).exists():
        do = "wait for gateway restore; if it was cut off, empty data_dir (and a PostgreSQL database) and restore again"
        raise ConfigError([f"a backup is being put back into data_dir {data_dir}: {do}"])
