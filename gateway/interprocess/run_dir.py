"""The folder of the Unix sockets of this machine's processes; only this user can open it."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from gateway.errors import ConfigError

MAX_SOCKET_PATH = 100
"""``sun_path`` holds 108 bytes on Linux and 104 on macOS, the final zero included."""
LONGEST_NAME = 32
"""Of a socket's file, with its ending and the slash before it."""


def socket_path(data_dir: Path, name: str) -> Path:
    """The path of the Unix socket ``name`` (``LONGEST_NAME`` bytes at most); creates nothing.

    In ``data_dir/run``, or in the system's temporary folder when that is too long for a socket: all of a ``data_dir``
    lie in one folder, whatever their names.
    """
    base = data_dir.resolve()
    folder = base / "run"
    if len(os.fsencode(folder)) + LONGEST_NAME <= MAX_SOCKET_PATH:
        return folder / f"{name}.sock"
    digest = hashlib.sha256(os.fsencode(base)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"hotline-{os.getuid()}-{digest}" / f"{name}.sock"


def make_private(folder: Path) -> None:
    """Create ``folder`` for this user alone; ``ConfigError`` when it is somebody else's or others may write in it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & stat.S_IWOTH:
        raise ConfigError([f"{folder} is not a folder of our own; remove it or choose a shorter data_dir"])
