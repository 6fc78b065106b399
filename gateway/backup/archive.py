"""The archive: a plain tar (POSIX.1-1988 ustar) of plain files, sealed by a manifest of their SHA-256.

The last two members are ``manifest.jsonl`` (a line that describes the backup, then one a member, in order) and
``manifest.sha256``. It is read by hand, header by header: nothing but plain files with harmless names is accepted, no
member is larger than the file that holds it, and memory does not grow with the number of members.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from gateway.backup.progress import Progress
from gateway.errors import ConfigError, GatewayError

FORMAT = 1
MANIFEST, SEAL = "manifest.jsonl", "manifest.sha256"
TOPS = frozenset({"database", "recordings", "attachments", "spool", "config", "tables", "flows", "secrets"})
"""The first part of every other name."""
TOLD = frozenset({"taken_at", "database", "schema", "event_seq", "tickets", "recordings", "attachments"})
"""What the manifest's first line says at least."""
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1024 * 1024
_LONGEST_LINE = 4096


class Damaged(GatewayError):
    """The archive is not what was written."""

    code = "archive_damaged"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive; its content begins at ``offset``."""

    name: str
    size: int
    offset: int


class ArchiveWriter:
    """Writes members, and at the end what seals them. Blocking, like everything here."""

    def __init__(self, file: BinaryIO, lines: BinaryIO, progress: Progress) -> None:
        """Into ``file``; ``lines`` is an empty temporary file."""
        self._file = file
        self._lines = lines
        self._progress = progress

    def add(self, name: str, source: BinaryIO) -> str:
        """Add as much of ``source`` as there is now, should it grow; its SHA-256. ``Damaged`` when it shrinks."""
        size = os.fstat(source.fileno()).st_size
        sha256 = self._write(_harmless(name), size, _read(source, size))
        self._lines.write(_line({"name": name, "size": size, "sha256": sha256}))
        self._progress.add(size)
        return sha256

    def seal(self, about: dict[str, Any]) -> None:
        """Write manifest and seal, and the end of the tar."""
        described, listed = _line({"format": FORMAT, **about}), self._lines.tell()
        self._lines.seek(0)
        manifest = chain([described], _read(self._lines, listed))
        sha256 = self._write(MANIFEST, len(described) + listed, manifest).encode()
        self._write(SEAL, len(sha256), [sha256])
        self._file.write(bytes(2 * _BLOCK))

    def _write(self, name: str, size: int, content: Iterable[bytes]) -> str:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        try:
            self._file.write(info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict"))
        except ValueError as error:
            raise ConfigError([f"{name} has no room in an archive ({error}); give it a shorter name"]) from error
        digest = hashlib.sha256()
        for chunk in content:
            digest.update(chunk)
            self._file.write(chunk)
        self._file.write(bytes(-size % _BLOCK))
        return digest.hexdigest()


def verify(path: Path, progress: Progress) -> dict[str, Any]:
    """Read everything and hold it against the manifest; what that says of the backup. ``Damaged``, ``OSError``."""
    about: dict[str, Any] = {}
    for _, content in contents(path, about):
        for chunk in content:
            progress.add(len(chunk), files=0)
        progress.add(0)
    return about


def extract(target: Path, content: Iterator[bytes]) -> None:
    """Write one member's ``content`` to ``target``, which must not be there."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in content:
            file.write(chunk)


def contents(path: Path, about: dict[str, Any]) -> Iterator[tuple[Member, Iterator[bytes]]]:
    """Each member with its content, which has to be read before the next one: ``Damaged`` at its end when it is.

    ``about`` is told what the manifest says of the backup.
    """
    with path.open("rb") as file, path.open("rb") as lines:
        manifest = _sealed(file)
        lines.seek(manifest.offset)
        about |= _parsed(lines)
        if about.get("format") != FORMAT:
            raise Damaged(f"{path} is of format {about.get('format')!r}; this version reads {FORMAT}")
        if missing := TOLD - about.keys():
            raise Damaged(f"the manifest does not say {', '.join(sorted(missing))}")
        for member in _members(file):
            if member.offset == manifest.offset:
                break
            told = _parsed(lines)
            if (told.get("name"), told.get("size")) != (member.name, member.size):
                raise Damaged(f"{member.name} is not what the manifest names next")
            yield member, _checked(file, member, told.get("sha256"))
        if lines.tell() != manifest.offset + manifest.size:
            raise Damaged("the manifest names more files than there are")


def _checked(file: BinaryIO, member: Member, sha256: object) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for chunk in _bytes(file, member):
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != sha256:
        raise Damaged(f"{member.name} is damaged: its SHA-256 is not the manifest's")


def _bytes(file: BinaryIO, member: Member) -> Iterator[bytes]:
    file.seek(member.offset)
    return _read(file, member.size)


def _read(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        chunk = file.read(min(_CHUNK, size))
        if not chunk:
            raise Damaged("a file became shorter while it was read; begin anew")
        size -= len(chunk)
        yield chunk


def _sealed(file: BinaryIO) -> Member:
    """The manifest, held against its seal."""
    manifest = seal = None
    for member in _members(file):
        manifest, seal = seal, member
    if manifest is None or seal is None or (manifest.name, seal.name) != (MANIFEST, SEAL):
        raise Damaged("the archive has no manifest at its end: it is cut short, or none of ours")
    digest = hashlib.sha256()
    for chunk in _bytes(file, manifest):
        digest.update(chunk)
    if seal.size > _BLOCK or b"".join(_bytes(file, seal)) != digest.hexdigest().encode():
        raise Damaged("the manifest is damaged: its SHA-256 is not the seal's")
    return manifest


def _members(file: BinaryIO) -> Iterator[Member]:
    whole = os.fstat(file.fileno()).st_size
    at = 0
    while True:
        file.seek(at)
        block = file.read(_BLOCK)
        if len(block) < _BLOCK:
            raise Damaged("the archive ends too early")
        if not any(block):
            return
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise Damaged(f"at byte {at} there is no header of a file") from error
        if info.type != tarfile.REGTYPE or info.linkname:
            raise Damaged(f"{info.name!r} is no plain file")
        offset = at + _BLOCK
        if not 0 <= info.size <= whole - offset:
            raise Damaged(f"{info.name!r} is said to be larger than the archive")
        yield Member(_harmless(info.name), info.size, offset)
        at = offset + info.size + -info.size % _BLOCK


def _harmless(name: str) -> str:
    """A name that stays within its folder; ``Damaged`` for any other."""
    parts = name.split("/")
    inside = all(part not in {"", ".", ".."} for part in parts) and name.isprintable() and "\\" not in name
    if not inside or (name not in {MANIFEST, SEAL} and (len(parts) == 1 or parts[0] not in TOPS)):
        raise Damaged(f"{name!r} is no name of a file of ours")
    return name


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _parsed(lines: BinaryIO) -> dict[str, Any]:
    try:
        entry = json.loads(lines.readline(_LONGEST_LINE))
    except ValueError as error:
        raise Damaged("the manifest cannot be read") from error
    if not isinstance(entry, dict):
        raise Damaged("the manifest cannot be read")
    return entry
