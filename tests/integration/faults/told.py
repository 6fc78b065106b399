"""Looking where a fault has to be told: what rings, what is in the log, what the doctor says."""

from __future__ import annotations

import json
from typing import Any

from gateway.telemetry.alarms import BY_NAME, PROCESS_DOWN
from tests.integration.faults.table import Fault
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

Line = dict[str, Any]
JSON_LOG = """
[log]
json_lines = true
"""
"""Of the configuration of a gateway whose log is looked at with ``logged``."""


def health(gateway: RunningGateway) -> tuple[int, dict[str, Any]]:
    """Status and body of ``/readyz``."""
    status, _, body = gateway.request("GET", "/readyz", token="")
    return status, json.loads(body)


def ringing(gateway: RunningGateway) -> set[tuple[str, str | None]]:
    """What alarms now."""
    return {(one["name"], one["of"]) for one in health(gateway)[1]["alarms"]}


def logged(gateway: RunningGateway, event: str, **keys: object) -> list[Line]:
    """Every line of this event that has ``keys``."""
    found = []
    for text in gateway.log.read_text(encoding="utf-8", errors="replace").splitlines():
        if text.startswith("{") and f'"{event}"' in text:
            line = json.loads(text)
            if line["event"] == event and keys.items() <= line.items():
                found.append(line)
    return found


def rings(gateway: RunningGateway, fault: Fault) -> None:
    """Wait until the fault's alarm rings and both its lines are in the log."""
    alarm = BY_NAME[str(fault.alarm)]
    eventually(lambda: (alarm.name, fault.of) in ringing(gateway), what=f"{fault.name}: {alarm.name}")
    if alarm.log is None:
        eventually(lambda: logged(gateway, alarm.name, **_whose(fault)), what=f"{fault.name}: {alarm.name} in the log")
    if fault.log:
        eventually(
            lambda: logged(gateway, fault.log, **fault.keys), what=f"{fault.name}: {fault.log} {dict(fault.keys)}"
        )


def is_over(gateway: RunningGateway, fault: Fault) -> None:
    """Wait until it rings no more, and the log says so."""
    eventually(lambda: (fault.alarm, fault.of) not in ringing(gateway), what=f"{fault.name} is over", within_s=120)
    over = {"alarm": fault.alarm, **_whose(fault)}
    eventually(lambda: logged(gateway, "alarm_over", **over), what=f"{fault.name}: alarm_over")


def _whose(fault: Fault) -> dict[str, object]:
    """The key of the log that says which channel, feed or part it is."""
    label = BY_NAME[str(fault.alarm)].label
    return {label: fault.of} if label else {}


def examined(gateway: RunningGateway, *words: str) -> list[Line]:
    """What the doctor finds."""
    found: list[Line] = json.loads(gateway.cli("doctor", "--json", *words, check=False))
    return found


def told_by_doctor(lines: list[Line], fault: Fault) -> bool:
    """Whether there is a line of the fault with its status and what to do, and one of its alarm.

    Of several feeds it is the right one's. A process that is gone raises no alarm, it has a line itself.
    """
    own = f"{fault.alarm} ({fault.of}):" if fault.of else f"{fault.alarm}:"
    told = any(line["name"] == "alarms" and line["found"].startswith(own) for line in lines)
    return (told or fault.alarm == PROCESS_DOWN) and any(
        line["name"] == fault.doctor
        and line["status"] == fault.status
        and line["advice"]
        and (fault.doctor != "provider.feed" or line["found"].startswith(f"{fault.of}:"))
        for line in lines
    )
