"""SIP traces are personal data: they are kept as long as recordings, and no longer."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from gateway.telemetry import log

_log = log.get("traces")


def expire(folder: Path, first_kept: date) -> int:
    """Delete the ``YYYYMMDD`` folders of days (UTC) before ``first_kept``; how many. Blocking."""
    oldest = first_kept.isoformat().replace("-", "")
    deleted = 0
    for day in sorted(folder.glob("[0-9]" * 8)):
        if day.name >= oldest or not day.is_dir():
            continue
        try:
            shutil.rmtree(day)
        except OSError as error:
            _log.error("traces_not_deleted", day=day.name, exc_info=error)
            continue
        deleted += 1
    return deleted
