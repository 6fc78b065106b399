"""``gateway`` on a machine whose clock is wrong: ``python -m tests.crash.split.shifted FILE ARGUMENT...``.

FILE holds by how many seconds the product's clock is ahead; it is read at every look, so that a test can let it jump.
The machine's own clock is not touched. Besides the product's recognition engines it knows those in ``engines``.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asr
from gateway.cli import main
from gateway.edge.system_clock import SystemClock

ahead = Path(sys.argv.pop(1))


def now(_: SystemClock) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(ahead.read_text(encoding="ascii") or 0))


if __name__ == "__main__":
    asr.__path__.append(str(Path(__file__).parent / "engines"))
    SystemClock.now = now  # type: ignore[method-assign]  # the one place where a process gets its time from
    raise SystemExit(main())
