"""Locks on a ``data_dir``: one for each process name, in ``data_dir/run``; the kernel frees them with their holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from gateway.errors import ConfigError

LEAVING_S = 5.0
"""Seconds in which the children of a killed supervisor may still be ending."""
POLL_S = 0.1
_ENDING = ".lock"


@contextmanager
def in_use(data_dir: Path, names: Sequence[str]) -> Iterator[list[int]]:
    """Hold the locks of ``names`` on ``data_dir``, whose folder ``run`` exists. Blocking, for ``LEAVING_S`` at most.

    Yields the locks' descriptors in the order of ``names``: a lock lasts as long as any process that inherited it.
    ``ConfigError`` names the process that holds one already.
    """
    with ExitStack() as stack:
        yield [_held(data_dir, name, stack) for name in names]


def holders(data_dir: Path) -> dict[str, int]:
    """The process names that run on ``data_dir`` now, each with the pid that holds it: of a child, its supervisor's."""
    found = {}
    for path in sorted((data_dir / "run").glob(f"*{_ENDING}")):
        with ExitStack() as stack, suppress(OSError):  # it may have gone, or be another user's
            lock = _opened(path, os.O_RDONLY, stack)
            if not _taken(lock, fcntl.LOCK_SH):
                found[path.stem] = _pid(lock)
    return found


def _held(data_dir: Path, name: str, stack: ExitStack) -> int:
    lock = _opened(data_dir / "run" / f"{name}{_ENDING}", os.O_RDWR | os.O_CREAT, stack)
    end = time.monotonic() + LEAVING_S
    while not _taken(lock):
        pid = _pid(lock)
        if _lives(pid) or time.monotonic() > end:
            raise ConfigError([f"data_dir {data_dir} is in use by pid {pid} ({name}): stop it, or choose another"])
        time.sleep(POLL_S)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode("ascii"), 0)
    return lock


def _opened(path: Path, how: int, stack: ExitStack) -> int:
    lock = os.open(path, how, 0o600)
    stack.callback(os.close, lock)
    return lock


def _taken(lock: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(lock: int) -> int:
    """The pid that took the lock last; 0 while it is not written yet."""
    return int(os.pread(lock, 16, 0) or 0)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return pid > 0
