"""What alarms now in the gateway that runs, under the names that log, monitoring and runbook have for it."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.doctor.check import Line, check, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.telemetry.alarms import BY_NAME, Ringing


@check("alarms")
def alarms(machine: Machine) -> Iterator[Line]:
    """A line an alarm, whichever process raises it. One that does not answer at all is told by ``processes``."""
    if not machine.running.up:
        yield ok("alarms", "no gateway runs on this data_dir")
        return
    answers = [process.answers.get("alarms") or {} for process in machine.running.processes]
    ringing = {Ringing(*one) for answer in answers for one in answer.get("alarms", ())}
    for name, of in sorted({(one.name, one.of or "") for one in ringing}):
        alarm = BY_NAME[name]
        told = f"{name}{of and f' ({of})'}: {alarm.en} / {alarm.zh}"
        yield warn("alarms", told, f"docs/runbook.md#{name}, docs/runbook.zh-CN.md#{name}")
    if not ringing:
        yield ok("alarms", "none rings")
