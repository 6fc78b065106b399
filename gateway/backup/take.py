"""Taking a backup: the record first, then the files that it names, beside a running gateway."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.backup.archive import ArchiveWriter, verify
from gateway.backup.picture import Picture, take_picture
from gateway.backup.progress import Progress
from gateway.calls.recorder import LocalRecordings
from gateway.domain.ids import rfc3339
from gateway.errors import ConfigError, NotFound
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.media.day_folders import sync_folder
from gateway.settings import Settings

TOLD = 20
"""Names of what is amiss, in the manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What goes into a backup beside the record and the configuration. Days are UTC, both included."""

    recordings: bool = True
    recordings_from: date = date.min
    recordings_to: date = date.max
    attachments: bool = True

    def has(self, kind: str, location: str) -> bool:
        """Whether a file that the record names is wanted."""
        if kind == "attachments":
            return self.attachments
        first, last = (day.isoformat().replace("-", "/") for day in (self.recordings_from, self.recordings_to))
        return self.recordings and first <= location[: len(first)] <= last


def take(
    settings: Settings, *, config: Path | None, secrets: Path | None, out: Path, wanted: Wanted, progress: Progress
) -> dict[str, Any]:
    """Write the archive ``out`` (a folder: a file in it, named by the time); what it holds, with its ``file``.

    It stands under its name only when it is whole, on the disk and verified. ``ConfigError``, ``StoreUnavailable``,
    ``Damaged``, ``OSError``.
    """
    now = datetime.now(UTC)
    if out.is_dir():
        out = _named_by_time(out, now)
    _check_place(out, settings)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".gateway-backup-") as name:
        folder = Path(name)
        part = folder / out.name
        with (
            os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            (folder / "manifest").open("w+b") as lines,
        ):
            archive = ArchiveWriter(file, lines, progress)
            progress.begin("spool and configuration")
            # Before the record: what is drained meanwhile is in both, which costs an event and loses nothing.
            _add_tree(archive, "spool", settings.data_dir / "spool", deep=True)
            _add_configuration(archive, settings, config, secrets)
            progress.begin("database")
            picture = take_picture(settings.database_url, folder, progress)
            with picture.file.open("rb") as copy:
                archive.add(picture.name, copy)
            progress.begin("recordings and attachments")
            about = _described(picture, wanted, now) | _add_files(archive, picture, wanted, settings)
            archive.seal(about)
            file.flush()
            os.fsync(file.fileno())
        progress.begin("verifying")
        verify(part, progress)
        part.rename(out)
    sync_folder(out.parent)
    return about | {"file": str(out), "bytes": out.stat().st_size}


def _named_by_time(folder: Path, now: datetime) -> Path:
    """A file that is not there yet; the second one of the same second has ``-2``."""
    name = f"gateway-{now:%Y%m%dT%H%M%SZ}"
    names = chain([f"{name}.tar"], (f"{name}-{number}.tar" for number in count(2)))
    return next(out for out in map(folder.joinpath, names) if not out.exists())


def _check_place(out: Path, settings: Settings) -> None:
    if out.exists():
        raise ConfigError([f"{out} is there already; name another file"])
    if not out.parent.is_dir():
        raise ConfigError([f"{out.parent} is no folder; make it first"])
    for folder in (settings.data_dir, settings.recordings_dir, settings.attachments_dir):
        if out.resolve().is_relative_to(folder.resolve()):
            raise ConfigError([f"{out} lies in {folder}, which it is to replace; write it to another place"])


def _described(picture: Picture, wanted: Wanted, now: datetime) -> dict[str, Any]:
    days = (wanted.recordings_from.isoformat(), wanted.recordings_to.isoformat()) if wanted.recordings else None
    return {
        "gateway": __version__,
        "taken_at": rfc3339(now),
        "database": picture.name,
        "schema": picture.schema,
        "event_seq": picture.event_seq,
        "tickets": picture.tickets,
        "recordings_of": days,
    }


def _add_configuration(archive: ArchiveWriter, settings: Settings, config: Path | None, secrets: Path | None) -> None:
    if config is not None:
        with config.open("rb") as file:
            archive.add(f"config/{config.name}", file)
    _add_tree(archive, "tables", settings.config_dir, deep=True)
    _add_tree(archive, "flows", settings.flows_dir, deep=True)
    if secrets is not None:
        _add_tree(archive, "secrets", secrets, deep=False)


def _add_tree(archive: ArchiveWriter, top: str, folder: Path, *, deep: bool) -> None:
    """Files below ``folder`` but hidden ones, whose names begin with a dot; one that vanishes is left out."""
    for path in sorted(folder.rglob("*") if deep else folder.glob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") or part == "__pycache__" for part in name.parts) or not path.is_file():
            continue
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            archive.add(f"{top}/{name.as_posix()}", file)


def _add_files(archive: ArchiveWriter, picture: Picture, wanted: Wanted, settings: Settings) -> dict[str, Any]:
    """Add what the picture names; how many of each kind, and what is amiss."""
    here = settings.data_dir / "attachments"
    attachments = AttachmentFiles(settings.attachments_dir, earlier=here)
    recordings = LocalRecordings(settings.recordings_dir, min_free_percent=0)
    counts: Counter[str] = Counter()
    amiss: dict[str, list[str]] = {"missing": [], "damaged": []}
    for kind, location, sha256 in picture.files():
        if not wanted.has(kind, location):
            continue
        try:
            file = (recordings if kind == "recordings" else attachments).path(location).open("rb")
        except (NotFound, FileNotFoundError):
            # Of a call that has not ended, or in which nothing was recorded, there need not be any.
            if sha256 is not None:
                amiss["missing"].append(f"{kind}/{location}")
            continue
        with file:
            found = archive.add(f"{kind}/{location}", file)
        counts[kind] += 1
        if sha256 not in {None, found}:
            amiss["damaged"].append(f"{kind}/{location}")
    return {
        "recordings": counts["recordings"],
        "attachments": counts["attachments"],
        **{what: len(names) for what, names in amiss.items()},
        **{f"{what}_first": names[:TOLD] for what, names in amiss.items()},
    }
