"""What alarms now in the gateway that runs, under the names that log, monitoring and runbook have for it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.doctor.check import Finding, check, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.telemetry.alarms import BY_NAME


@check("alarms")
def alarms(machine: Machine) -> Iterator[Finding]:
    """A line an alarm, whichever process raises it. One that does not answer at all is told by ``processes``."""
    if not machine.running.up:
        yield ok("alarms", "no gateway runs on this data_dir")
        return
    ringing = machine.running.ringing()
    for one in ringing:
        alarm, of = BY_NAME[one.name], f" ({one.of})" if one.of else ""
        told = f"{alarm.name}{of}: {alarm.zh} · {alarm.en}"
        yield warn("alarms", told, f"docs/runbook.md#{alarm.name}, docs/runbook.zh-CN.md#{alarm.name}")
    if not ringing:
        yield ok("alarms", "none rings")
