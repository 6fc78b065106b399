"""Checks of the configuration, by the same list as ``gateway check``."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.cli.doctor.check import Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine

PARTS = {
    "flows": "flows and prompts load",
    "tables": "gazetteer, taxonomy and units load",
    "asr": "the recogniser's keys are right",
    "channels": "every channel's keys and flow are right",
    "feeds": "every feed's keys are right",
}


@check("config.file")
def file(machine: Machine) -> Iterator[Finding]:
    """The file itself: every mistake."""
    name, where = "config.file", machine.config or "built-in defaults, no --config"
    if not machine.problems:
        yield ok(name, f"{where}: every key is known and has a value that it may have")
    for problem in machine.problems:
        yield fail(name, problem, "correct it; config/gateway.example.toml shows every key. Its default is used below")


@check("config", within_s=20.0, channels=True, loads=("gateway.cli.check",))
def parts(machine: Machine) -> Iterator[Finding]:
    """Flows, tables, recogniser, channels, feeds: every mistake, and what is only unwise."""
    from gateway.cli.check import city_date, problems_by_part, warnings  # noqa: PLC0415 - every adapter and SQL

    for part, problems in problems_by_part(machine.settings).items():
        if not problems:
            yield ok(f"config.{part}", PARTS[part])
        for problem in problems:
            yield fail(f"config.{part}", problem, "correct it, then run `gateway check`")
    for warning in warnings(machine.settings, city_date(machine.settings)):
        yield warn("config.advice", warning, "follow it, or know why not")
