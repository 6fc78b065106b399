"""Checks of the system's limits: descriptors and processes for a full load of calls."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

from gateway.cli.doctor.check import Finding, check, ok, warn
from gateway.cli.doctor.machine import Machine

FILES_A_CALL = 6
"""Two sockets of audio, the recording, the recogniser's and the reader's connection, and one to spare."""
FILES_BESIDE = 512
PROCESSES = 256
"""Threads count, too (RLIMIT_NPROC): ours are some dozens."""
_NAMES = {"Max open files": resource.RLIMIT_NOFILE, "Max processes": resource.RLIMIT_NPROC}


@check("limits.files", channels=True)
def files(machine: Machine) -> Iterator[Finding]:
    """Descriptors: every process takes as many as its hard limit lets it."""
    calls = sum(spec.listens(options).calls for _, spec, options in machine.channels() if spec.listens is not None)
    needed = calls * FILES_A_CALL + FILES_BESIDE
    limit, whose = _limit(machine, "Max open files")
    told = f"{_told(limit)} open files ({whose}); {calls} calls need {needed}"
    if limit < needed:
        yield warn("limits.files", told, f"LimitNOFILE={max(65536, needed)} in the service's unit, or `ulimit -Hn`")
    else:
        yield ok("limits.files", told)


@check("limits.processes")
def processes(machine: Machine) -> Iterator[Finding]:
    """Processes and threads of the service's user."""
    limit, whose = _limit(machine, "Max processes")
    told = f"{_told(limit)} processes and threads ({whose})"
    if limit < PROCESSES:
        yield warn("limits.processes", told, f"LimitNPROC={PROCESSES * 4} in the service's unit, or `ulimit -u`")
    else:
        yield ok("limits.processes", told)


def _told(limit: float) -> str:
    return "any number of" if limit == float("inf") else f"{limit:.0f}"


def _limit(machine: Machine, name: str) -> tuple[float, str]:
    """The hard limit of the running voice process, else ours: the service's unit may say something else."""
    for pid, process in machine.running.pids.items():
        if process.startswith("voice"):
            try:
                lines = Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines()
            except OSError:
                break
            hard = next(line[len(name) :].split()[1] for line in lines if line.startswith(name))
            return float("inf") if hard == "unlimited" else float(hard), f"limit of the running {process}"
    _, mine = resource.getrlimit(_NAMES[name])
    return float("inf") if mine == resource.RLIM_INFINITY else float(mine), "limit of this shell"
