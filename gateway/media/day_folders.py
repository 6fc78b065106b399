"""Files in one folder a day (UTC), ``<root>/YYYY/MM/DD/<name>``; expired days are found by the folders' names.

Nothing is looked at of the days that are kept: one listing of the root, of the first year and of the first month that
are kept in part. Everything here is blocking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.telemetry import log

_WIDTHS = (4, 2, 2)
_log = log.get("retention")


def day_folder(at: datetime) -> str:
    """``YYYY/MM/DD`` of an instant."""
    return at.astimezone(UTC).date().isoformat().replace("-", "/")


def delete_before(root: Path, first_kept: date, *, keep: frozenset[str] = frozenset()) -> list[str]:
    """Delete the files of days before ``first_kept`` but those in ``keep``; their locations below ``root``, in order.

    What lies elsewhere, and whatever is no plain file, stays. A file that cannot be deleted, or a folder that cannot be
    listed, is logged and tried again.
    """
    deleted = []
    for day in _days_before(root, (), first_kept.isoformat().split("-")):
        for name in sorted(_names(root / day, folders=False)):
            location = f"{day}/{name}"
            if location in keep:
                continue
            try:
                (root / location).unlink(missing_ok=True)  # another worker may be faster
            except OSError as error:
                _log.error("file_not_deleted", location=location, exc_info=error)
                continue
            deleted.append(location)
        for folder in (day, day[:7], day[:4]):
            with suppress(OSError):  # something is left in it
                (root / folder).rmdir()
    return deleted


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _days_before(root: Path, above: tuple[str, ...], first_kept: list[str]) -> Iterator[str]:
    """``YYYY/MM/DD`` below ``above``, oldest first. Names of one width sort as their numbers do."""
    depth = len(above)
    whole = list(above) < first_kept[:depth]
    for name in sorted(_names(root.joinpath(*above), folders=True)):
        if len(name) != _WIDTHS[depth] or not (name.isascii() and name.isdigit()):
            continue
        last = depth == len(_WIDTHS) - 1
        if not whole and (name > first_kept[depth] or (last and name == first_kept[depth])):
            return
        here = (*above, name)
        if last:
            yield "/".join(here)
        else:
            yield from _days_before(root, here, first_kept)


def _names(folder: Path, *, folders: bool) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            kind = os.DirEntry.is_dir if folders else os.DirEntry.is_file
            return [entry.name for entry in entries if kind(entry, follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as error:  # another user's, or the disk has a fault: the other folders are not to wait for it
        _log.error("folder_not_listed", folder=str(folder), exc_info=error)
        return []
