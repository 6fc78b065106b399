"""Checks of file permissions: the service's user can use its folders, and nobody else can."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine, existing
from gateway.cli.doctor.users import user

OTHERS = 0o077
READ_BY_ALL = stat.S_IROTH | stat.S_IWOTH
SECRET_WORDS = ("secret", "password", "token", "_key")
LOOKED_AT = 5_000
"""Files of other users are looked for among so many."""
ASK_S = 3.0


@check("rights.data_dir")
def data_dir(machine: Machine) -> Iterator[Finding]:
    """The owner of data_dir, other users that may read it, and files in it that are not its owner's."""
    name, folder = "rights.data_dir", machine.settings.data_dir
    try:
        found = folder.stat()
    except FileNotFoundError:
        yield ok(name, f"{folder.absolute()} is not there yet; the first start makes it")
        return
    except OSError as error:
        yield fail(name, f"{folder} cannot be looked at: {error.strerror}", "run this as root or as the service's user")
        return
    if not stat.S_ISDIR(found.st_mode):
        yield fail(name, f"{folder} is no folder", "name another data_dir, or move what is there")
        return
    whose, mode = user(found.st_uid), stat.S_IMODE(found.st_mode)
    if os.geteuid() not in {found.st_uid, 0}:
        yield fail(
            name,
            f"{folder} belongs to {whose}, and this is {user(os.geteuid())}",
            f"run commands as its owner: sudo -u {whose} gateway …",
        )
    elif mode & OTHERS:
        yield warn(
            name,
            f"{folder} has mode {mode:04o}: others come into the folder of audio and secrets",
            f"chmod 0700 {folder}; the next start does it, too",
        )
    else:
        yield ok(name, f"{folder} is {whose}'s, mode {mode:04o}")


@check("rights.owner")
def owner(machine: Machine) -> Iterator[Finding]:
    """Whether all in it, and all that runs on it, is the owner's."""
    folder = machine.settings.data_dir
    try:
        uid = folder.stat().st_uid
    except OSError:
        return  # rights.data_dir tells
    found = [*_strangers(folder, uid), *_other_user(machine, uid)]
    yield from found or [ok("rights.owner", f"what lies in {folder} and runs on it is {user(uid)}'s")]


@check("rights.writable")
def writable(machine: Machine) -> Iterator[Finding]:
    """Whether the service's user may write where it has to."""
    settings, uid = machine.settings, machine.service_uid
    wanted = {"data_dir": settings.data_dir, "recordings": settings.recordings_dir}
    wanted |= {"attachments": settings.attachments_dir}
    wanted |= {f"data_dir/{part}": settings.data_dir / part for part in ("run", "spool", "traces")}
    refused = [(key, existing(path)) for key, path in wanted.items() if not _may(uid, existing(path), "w")]
    for key, path in refused:
        yield fail(
            "rights.writable",
            f"{user(uid)} may not write in {path} ({key})",
            f"chown -R {user(uid)} {path} && chmod u+rwX {path}, or mount it for writing",
        )
    if not refused:
        yield ok("rights.writable", f"{user(uid)} may write in data_dir, for recordings and for attachments")


@check("rights.readable")
def readable(machine: Machine) -> Iterator[Finding]:
    """Whether the service's user may read what it reads."""
    settings, uid = machine.settings, machine.service_uid
    wanted = [settings.config_dir, settings.flows_dir, settings.models_dir]
    wanted += [machine.config] if machine.config is not None else []
    wanted += _secret_files()
    refused = [path for path in wanted if _is_there(path) and not _may(uid, path.absolute(), "r")]
    for path in refused:
        yield fail(
            "rights.readable",
            f"{user(uid)} may not read {path}",
            f"chmod -R u+rX,g+rX {path}, or chown it to {user(uid)}",
        )
    if not refused:
        yield ok("rights.readable", f"{user(uid)} may read configuration, flows and models")


@check("rights.config")
def secrets(machine: Machine) -> Iterator[Finding]:
    """May others read the secrets in the configuration's file and in the secret files?"""
    name = "rights.config"
    files = [machine.config] if machine.config is not None and machine.config.is_file() else []
    if files and not any(word in files[0].read_text(encoding="utf-8", errors="replace") for word in SECRET_WORDS):
        files = []
    folder = os.environ.get("GATEWAY_SECRETS_DIR")
    if folder and not Path(folder).is_dir():
        yield fail(name, f"GATEWAY_SECRETS_DIR={folder} is no folder", "make it, or unset the variable")
        return
    files += _secret_files()
    open_to_all = [path for path in files if path.stat().st_mode & READ_BY_ALL]
    for path in open_to_all:
        yield warn(name, f"{path} holds secrets and every user of this machine reads it", f"chmod o-rwx {path}")
    if not open_to_all:
        yield ok(name, "no file with secrets is open to every user of this machine")


def _secret_files() -> list[Path]:
    """What ``GATEWAY_SECRETS_DIR`` holds; nothing where it is not set, or no folder."""
    folder = os.environ.get("GATEWAY_SECRETS_DIR")
    return [path for path in sorted(Path(folder).rglob("*")) if path.is_file()] if folder else []


def _strangers(folder: Path, owner: int) -> Iterator[Finding]:
    """Files that a command left as root: the service can neither read nor replace them."""
    strange, example, seen = 0, None, 0
    for parent, _, files in os.walk(folder):
        for name in (".", *files):
            path = Path(parent) / name
            seen += 1
            try:
                if path.lstat().st_uid != owner:
                    strange, example = strange + 1, example or path
            except OSError:
                continue
        if seen > LOOKED_AT:
            break
    if strange:
        yield fail(
            "rights.owner",
            f"{strange} files in {folder} are not {user(owner)}'s, e.g. {example}",
            f"chown -R {user(owner)} {folder}; run commands as {user(owner)}, never as root",
        )


def _other_user(machine: Machine, owner: int) -> Iterator[Finding]:
    for pid, process in machine.running.pids.items():
        try:
            runs_as = Path(f"/proc/{pid}").stat().st_uid
        except OSError:
            continue
        if runs_as != owner:
            yield fail(
                "rights.owner",
                f"{process} runs as {user(runs_as)} on the folder of {user(owner)}",
                f"stop it, then chown -R {user(owner)} the folder and start the service",
            )
            return


def _is_there(path: Path) -> bool:
    """Whether it exists, as far as we may see: what lies in a folder that is closed to us may."""
    try:
        path.stat()  # ``exists`` raises in one Python and says no in another
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _may(uid: int, path: Path, right: str) -> bool:
    """Whether a user may; root asks on another's behalf with test(1), which goes by effective rights."""
    if os.geteuid() or uid == 0:
        flags = (os.W_OK if right == "w" else os.R_OK) | (os.X_OK if os.path.isdir(path) else 0)  # noqa: PTH112 - Path.is_dir raises where it may not look
        return os.access(path, flags, effective_ids=True)
    try:
        account = pwd.getpwuid(uid)
        gid, groups = account.pw_gid, os.getgrouplist(account.pw_name, account.pw_gid)
    except KeyError:
        gid, groups = uid, []
    asked = ["test", f"-{right}", str(path)]
    done = subprocess.run(  # noqa: S603 - a fixed program
        asked, user=uid, group=gid, extra_groups=groups, check=False, timeout=ASK_S, cwd="/"
    )
    return done.returncode == 0
