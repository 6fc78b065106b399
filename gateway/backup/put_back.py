"""Restores a backup into an empty installation, as a whole or not at all."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import pwd
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.backup.archive import Damaged, contents, extract, verify
from gateway.backup.picture import POSTGRES, SQLITE, client, is_empty, run_client
from gateway.backup.progress import Progress, spelled
from gateway.backup.stage import STAGE
from gateway.errors import ConfigError
from gateway.settings import Settings

KEPT_APART = "restored"
"""Where configuration and secrets are put in data_dir: what is in force is for a person to decide."""
_OF_NEW_DISKS = frozenset({"lost+found"})


class Places:
    """Where each part of a backup goes; every root gets its files from a ``STAGE`` folder of its own."""

    def __init__(self, settings: Settings) -> None:
        """Looks at nothing yet."""
        self.data_dir = settings.data_dir
        self.url = sa.make_url(settings.database_url)
        self._roots = {"recordings": settings.recordings_dir, "attachments": settings.attachments_dir}

    @property
    def roots(self) -> set[Path]:
        """The folders into which files are put."""
        return {self.data_dir, *self._roots.values()}

    @property
    def database(self) -> str:
        """What the record is called in a backup that fits this configuration."""
        return SQLITE if self.url.get_backend_name() == "sqlite" else POSTGRES

    def place(self, name: str) -> tuple[Path, str]:
        """(root, name below it) of a member."""
        top, _, rest = name.partition("/")
        if top in self._roots:
            return self._roots[top], rest
        return self.data_dir, name if top in {"database", "spool"} else f"{KEPT_APART}/{name}"


def restore(settings: Settings, archive: Path, progress: Progress, knows: Callable[[str], bool]) -> dict[str, Any]:
    """Put ``archive`` back; what it holds. ``Damaged``, ``ConfigError`` (nothing was done), ``OSError``.

    ``knows`` says whether a schema is one from which this program can go on.
    """
    places = Places(settings)
    _check_empty(places)
    made = [root for root in places.roots if not root.is_dir()]
    try:
        (places.data_dir / STAGE).mkdir(mode=0o700)  # from now on no gateway begins here
        progress.begin("verifying")
        about = verify(archive, progress)
        if not knows(str(about["schema"])):
            raise ConfigError([f"a later version of the gateway took this backup (schema {about['schema']}): use that"])
        _check_fits(places, about, archive)
        progress.begin("extracting")
        for member, content in contents(archive, {}):
            root, name = places.place(member.name)
            extract(root / STAGE / name, content)
            progress.add(member.size)
        for root, path in _staged(places):
            _check_free(root / path, root / STAGE / path)
        os.sync()
        progress.begin("putting in place")
        _put_in_place(places, progress)
    finally:
        for root in places.roots:
            shutil.rmtree(root / STAGE, ignore_errors=True)
        for root in made:
            with suppress(OSError):  # it is in use now
                root.rmdir()
    owner = places.data_dir.stat()
    for root in filter(Path.is_dir, places.roots):
        _hand_over(root, owner if root in made else root.stat())
    if places.database == SQLITE:
        _hand_over(Path(places.url.database or ""), owner)
    return about


def _check_empty(places: Places) -> None:
    """``ConfigError`` unless the places are empty and unused, and the service's user can use what is made."""
    folder = places.data_dir
    if not folder.is_dir():
        if os.geteuid() == 0:
            raise ConfigError([f"make data_dir {folder} for the user of the service first, or restore as that user"])
        folder.mkdir(parents=True, mode=0o700)
    owner = folder.stat().st_uid
    if os.geteuid() not in {0, owner}:
        raise ConfigError([f"data_dir {folder} belongs to {_user(owner)}; restore as that user"])
    for lock in sorted((folder / "run").glob("*lock")):
        if _is_held(lock):
            raise ConfigError([f"a gateway runs in data_dir {folder}; stop it first"])
    if found := sorted({entry.name for entry in folder.iterdir()} - _OF_NEW_DISKS):
        raise ConfigError([f"data_dir {folder} is not empty ({', '.join(found[:5])} …); move what is there away first"])
    if places.database == SQLITE and Path(places.url.database or "").exists():
        raise ConfigError([f"there is a database already: {places.url.database}; move it away first"])
    if places.database == POSTGRES:
        client("pg_restore")
        if not asyncio.run(is_empty(places.url)):
            raise ConfigError(["the database has tables already; drop it and create it anew, in UTF-8"])


def _check_fits(places: Places, about: dict[str, Any], archive: Path) -> None:
    if about["database"] != places.database:
        raise ConfigError(
            [f"the archive holds {about['database']}, but [database] url of this configuration wants {places.database}"]
        )
    needed = archive.stat().st_size
    for root in places.roots:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(root).free
        if free < needed:
            raise ConfigError([f"{root} has {spelled(free)} free, and {spelled(needed)} may be needed"])


def _staged(places: Places) -> Iterator[tuple[Path, Path]]:
    """(root, path below it) of each file but the database."""
    for root in sorted(places.roots):
        for folder, _, files in os.walk(root / STAGE):
            for path in (Path(folder).relative_to(root / STAGE) / name for name in sorted(files)):
                if path.parts[0] != "database":
                    yield root, path


def _check_free(target: Path, staged: Path) -> None:
    """A shared folder may have survived: what is there has to be what the archive has."""
    if target.exists() and _sha256(target) != _sha256(staged):
        raise ConfigError([f"{target} is there and differs from the archive's; move it away first"])


def _put_in_place(places: Places, progress: Progress) -> None:
    """PostgreSQL first, since it may refuse; an SQLite file last: an installation that has one is whole."""
    database = places.data_dir / STAGE / places.database
    if not database.is_file():
        raise Damaged(f"the archive has no {places.database}")
    if places.database == POSTGRES:
        command = [client("pg_restore"), "--no-owner", "--single-transaction", "--exit-on-error", "--no-password"]
        run_client([*command, f"--dbname={places.url.database}", str(database)], places.url)
    for root, path in _staged(places):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (root / STAGE / path).replace(target)
        progress.add(0)
    if places.database == SQLITE:
        shutil.move(database, Path(places.url.database or ""))
    os.sync()


def _hand_over(made: Path, owner: os.stat_result) -> None:
    """What root has made, and all in it, is for the user of the service."""
    if os.geteuid():
        return
    for path in (made, *made.rglob("*")):
        if path.lstat().st_uid == 0:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _is_held(lock: Path) -> bool:
    descriptor = os.open(lock, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
