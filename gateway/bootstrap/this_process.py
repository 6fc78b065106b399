"""What this process is called in leases, and which of the others on this machine are gone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ThisProcess:
    """One process of ``node``."""

    node: str

    @property
    def owner(self) -> str:
        """Its name in leases."""
        return f"{self.node}-{os.getpid()}"

    def is_gone(self, owner: str) -> bool:
        """Whether the owner of a lease was a process of this machine that runs no more (or had our own pid)."""
        node, _, pid = owner.rpartition("-")
        if node != self.node or not pid.isdigit():
            return False
        return int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists()
