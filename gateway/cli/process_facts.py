"""Facts about processes that the kernel tells everybody (proc(5))."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def since(pid: int) -> datetime | None:
    """When it was started; None when there is none such, or no /proc."""
    try:
        # The name in parentheses may hold anything: what follows the last one is fields 3, 4, ….
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        uptime_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except OSError:
        return None
    age_s = uptime_s - int(fields[19]) / TICKS
    return datetime.fromtimestamp(time.time() - age_s, UTC)


def memory_bytes(pid: int) -> int | None:
    """Its resident memory; None as above."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
