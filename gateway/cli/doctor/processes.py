"""Checks of the running processes: whether all of them answer."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine


@check("processes")
def processes(machine: Machine) -> Iterator[Finding]:
    """Children of the supervisor that are down, processes that do not answer."""
    name, running = "processes", machine.running
    if running.hidden:
        yield warn(name, "what runs cannot be asked: data_dir is another user's", "run this as that user, or as root")
        return
    if not running.up:
        yield ok(name, "no gateway runs on this data_dir")
        return
    down = [child for child in (running.supervisor or {}).get("children", ()) if child["pid"] is None]
    for child in down:
        tell = fail if child["essential"] else warn
        yield tell(
            name,
            f"{child['name']} does not run (restarted {child['restarts']} times)",
            "its reason is in the log: journalctl -u 'hotline-gateway@*' | grep child_died",
        )
    mute = [one for one in running.processes if one.pid is not None and not one.answers_at_all]
    for process in mute:
        yield fail(
            name,
            f"{process.name} (process {process.pid}) runs and does not answer within half a second",
            f"look what it does (top -p {process.pid}); kill -9 {process.pid}: the supervisor starts it anew",
        )
    if not down and not mute:
        yield ok(name, ", ".join(f"{one} {pid}" for pid, one in sorted(running.pids.items())))
