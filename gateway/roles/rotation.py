"""Rotates log files that other programs append to; one earlier part is kept."""

from __future__ import annotations

from pathlib import Path

from gateway.telemetry import log

MOST_BYTES = 8 * 1024 * 1024
"""Bytes at which a log of warnings is rotated: usually months of them, at worst hours."""
_log = log.get("rotation")


def rotate(path: Path, most_bytes: int = MOST_BYTES) -> bool:
    """Put ``path`` aside as ``<name>.1`` once it is larger, in place of the one before; whether it was. Blocking.

    For writers that open their file for each line, as Valkey does: the two never hold more than about twice the size.
    """
    try:
        if path.stat().st_size <= most_bytes:
            return False
        path.replace(path.with_name(f"{path.name}.1"))
    except FileNotFoundError:
        return False
    except OSError as error:
        _log.error("log_not_rotated", file=path.name, exc_info=error)
        return False
    return True
