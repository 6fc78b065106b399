"""``data_dir/run``: one supervisor a folder, and what an earlier one's processes left in it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import ConfigError
from gateway.live.run_dir import socket_path

ANSWER_S = 1.0


@contextmanager
def sole_supervisor(data_dir: Path) -> Iterator[None]:
    """Hold the folder; ``ConfigError`` while another supervisor does. The kernel lets go when this process ends."""
    descriptor = os.open(data_dir / "run" / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError([f"`gateway run` uses data_dir {data_dir} already; stop it, or choose another"]) from None
        yield
    finally:
        os.close(descriptor)


def clear_away(data_dir: Path) -> None:
    """Where processes of an earlier run listened, if nobody does any more. Blocking, for a moment."""
    for left in (data_dir / "run").glob("asr-*.json"):
        left.unlink(missing_ok=True)
    for path in socket_path(data_dir, "any").parent.glob("*.sock"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(ANSWER_S)
            try:
                peer.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue  # somebody is there, and busy, or speaks another way
