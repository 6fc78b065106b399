"""``data_dir`` is for the user of the service alone: audio, transcripts and secrets lie in it."""

from __future__ import annotations

import argparse
import os
import pwd
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigError

UMASK = 0o077
INSTALLATION_UMASK = 0o022
_INSTALLS = frozenset({"asr", "channel", "prompts"})
"""Verbs that write models, code and prompts, which another user's service reads."""
_PROGRAM = (__file__, os.__file__)
"""One file of this installation, one of the Python that runs it: a user's own (pyenv, uv) may be closed to others."""
_OTHERS = 0o077
ALWAYS_SEEN = 2
"""Folders so deep are looked into at every start; a deeper one that is private already has been looked into."""


@dataclass(slots=True)
class Tightened:
    """What became of a folder's permissions."""

    changed: int = 0
    not_ours: int = 0
    example: Path | None = None
    """One of those that are not ours."""


def set_umask(args: argparse.Namespace) -> None:
    """Files that this verb makes are for its own user; what belongs to the installation is for all."""
    installs = args.verb in _INSTALLS or (args.verb == "prefill" and args.prefill_verb == "train")
    os.umask(INSTALLATION_UMASK if installs else UMASK)


def private_dir(folder: Path, name: str = "data_dir") -> None:
    """Make ``folder`` where there is none, for our user alone.

    ``ConfigError`` when it cannot be made, or belongs to another user: we could neither read nor protect it. Root goes
    on as that user, so that nothing it makes is out of their reach.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = folder.stat().st_uid
    except OSError as error:
        raise ConfigError([f"{name} {folder} cannot be used: {error.strerror}; choose another"]) from error
    if owner == os.geteuid():
        return
    ours, theirs = _user(os.geteuid()), _user(owner)
    if os.geteuid():
        do = f"run it as {theirs}, or hand the folder over: chown -R {ours} {folder}"
        raise ConfigError([f"{name} {folder} belongs to {theirs} and this is {ours}: {do}"])
    _become(owner, folder.stat().st_gid)
    print(f"gateway: going on as {theirs}, to whom {name} {folder} belongs", file=sys.stderr)


def _become(uid: int, gid: int) -> None:
    """Become another user for good. ``ConfigError`` when root may not, or they cannot read us."""
    user = _user(uid)
    try:
        with suppress(KeyError):
            gid = pwd.getpwuid(uid).pw_gid
        os.setgroups(os.getgrouplist(user, gid) if user != str(uid) else [gid])
        os.setgid(gid)
        os.setuid(uid)
    except PermissionError:
        raise ConfigError([f"root may not act for {user} here: run it as {user}"]) from None
    if closed := [path for path in _PROGRAM if not os.access(path, os.R_OK)]:
        raise ConfigError(
            [f"{user} cannot read this installation ({closed[0]}): use theirs, or open it: chmod -R a+rX"]
        )


def tighten(folder: Path) -> Tightened:
    """Take from group and others what they may do with ``folder`` and all in it, e.g. what an earlier version made."""
    done = Tightened()
    _strip(folder, folder.stat(), done)  # first: from now on nobody comes in
    for path, found in _below(folder, 1):
        _strip(path, found, done)
    return done


def _below(folder: Path, depth: int) -> Iterator[tuple[Path, os.stat_result]]:
    """Files and folders below, contents before their folder, so that a folder that is private has been done."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, PermissionError):  # deleted meanwhile, or not ours: its own entry tells
        return
    for entry in entries:
        path = Path(entry.path)
        try:
            found = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(found.st_mode):
            continue
        if stat.S_ISDIR(found.st_mode) and (depth <= ALWAYS_SEEN or found.st_mode & _OTHERS):
            yield from _below(path, depth + 1)
        yield path, found


def _strip(path: Path, found: os.stat_result, done: Tightened) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return
    try:
        path.chmod(mode & ~_OTHERS)
    except FileNotFoundError:
        return
    except PermissionError:
        done.not_ours += 1
        done.example = done.example or path
    else:
        done.changed += 1


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
