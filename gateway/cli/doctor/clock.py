"""Checks of the clock, which ticket numbers, signatures and certificates go by."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine

FIRST_DAY = 1_767_225_600
"""2026-01-01: this program is no older."""
BEHIND_S = 60.0
TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""
_TIMEX_BYTES = 256
HOW = "timedatectl set-ntp true, or install chrony and name the city's time server"


@check("clock.ntp")
def ntp(_: Machine) -> Iterator[Finding]:
    """Whether the clock is synchronised, as the kernel knows."""
    asked = ctypes.create_string_buffer(_TIMEX_BYTES)  # all zero: nothing is set
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except AttributeError:
        state = -1
    if state < 0:
        yield warn("clock.ntp", "the system does not tell whether its clock is synchronised", "look: timedatectl")
    elif state == TIME_ERROR:
        yield warn("clock.ntp", "the clock is not synchronised with any time server", HOW)
    else:
        yield ok("clock.ntp", "the clock is synchronised")


@check("clock.now")
def now(machine: Machine) -> Iterator[Finding]:
    """Whether the time is possible: not before this program, and not before the newest file of the database."""
    at = time.time()
    if at < FIRST_DAY:
        yield fail("clock.now", f"the clock says {datetime.fromtimestamp(at).astimezone():%Y-%m-%d}", HOW)
        return
    newest = max((_changed(machine.settings.data_dir / name) for name in ("gateway.db", "gateway.db-wal")), default=0)
    if newest > at + BEHIND_S:
        yield fail(
            "clock.now",
            f"the database was written {newest - at:.0f} s in the future: the clock was set back",
            f"{HOW}; leases and numbers of today wait until that time comes again",
        )
    else:
        yield ok("clock.now", f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}")


@check("clock.zone")
def zone(machine: Machine) -> Iterator[Finding]:
    """The city's zone beside the machine's."""
    city = machine.settings.zone
    here, there = datetime.now().astimezone(), datetime.now(city)
    told = f"the city's time is {there:%H:%M} ({machine.settings.timezone}), the machine's {here:%H:%M %Z}"
    apart = here.utcoffset() != there.utcoffset()
    yield ok("clock.zone", f"{told}; the system's own logs go by the second" if apart else told)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
