"""The name of this process in leases, and which lease owners of this machine have ended."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DEAD = frozenset("ZX")
"""States of ``/proc/<pid>/stat`` (proc(5)) of a process that has ended and was not waited for yet."""


@dataclass(frozen=True, slots=True)
class ThisProcess:
    """One process of ``node``."""

    node: str

    @property
    def owner(self) -> str:
        """Its name in leases: node, where its process id counts, process id, when it was started.

        The start tells it from a later process that got the same id.
        """
        pid = os.getpid()
        return f"{self.node}-{_place()}-{pid}-{_started(pid) or 0}"

    def is_gone(self, owner: str) -> bool:
        """Whether the owner of a lease was a process of this machine that has ended.

        Of a process of another boot or container nothing is known here, whatever its node is called: its lease has to
        run out.
        """
        node, *rest = owner.rsplit("-", 3)
        if node != self.node or len(rest) != 3 or rest[0] != _place() or not rest[1].isdigit():  # noqa: PLR2004 - place, pid, start
            return False
        return str(_started(int(rest[1]))) != rest[2]


@cache
def _place() -> str:
    """Names this boot of this machine and, in a container, its process ids: outside it they mean other processes."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # no Linux: a node name has to be one machine's
        boot = numbers = ""
    return hashlib.sha256(f"{boot} {numbers}".encode()).hexdigest()[:12]


def _started(pid: int) -> int | None:
    """When a living process was started, in ticks since the boot (proc(5), field 22); None when there is none.

    Where there is no ``/proc`` 0 stands for every living process.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0 if not Path("/proc/self/stat").exists() and _answers(pid) else None
    # The name in parentheses may hold anything, also a parenthesis: what follows the last one is fields 3, 4, ….
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in _DEAD else int(fields[19])


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
