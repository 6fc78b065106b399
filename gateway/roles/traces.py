"""Deletes old SIP traces. They are personal data: kept no longer than recordings, and limited in size."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from gateway.telemetry import log

MOST_BYTES = 20 * 1024**3
"""Of all days together: ten of the worst, four million calls."""
_log = log.get("traces")


def expire(folder: Path, first_kept: date, most_bytes: int = MOST_BYTES) -> int:
    """Delete the ``YYYYMMDD`` folders of days (UTC) before ``first_kept``; how many. Blocking.

    Of the others the oldest go while all together hold more than ``most_bytes``; the newest stays.
    """
    oldest = first_kept.isoformat().replace("-", "")
    found = [day for day in sorted(folder.glob("[0-9]" * 8)) if day.is_dir()]
    sizes = {day: sum(file.stat().st_size for file in day.iterdir()) for day in found}
    held = sum(sizes.values())
    deleted = 0
    for day in found:
        full = held > most_bytes and day != found[-1]
        if day.name >= oldest and not full:
            break
        try:
            shutil.rmtree(day)
        except OSError as error:
            _log.error("traces_not_deleted", day=day.name, exc_info=error)
            continue
        held -= sizes[day]
        deleted += 1
    return deleted
