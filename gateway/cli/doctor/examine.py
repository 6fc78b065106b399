"""Running the checks: all at once, each by itself, each within its time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from functools import partial
from importlib import import_module

from gateway.cli.doctor.check import Check, Finding, fail
from gateway.cli.doctor.machine import Machine


def examine(machine: Machine, checks: Iterable[Check]) -> list[Finding]:
    """What all of ``checks`` find, in their order."""
    wanted = list(checks)
    _load(wanted, machine)
    looks = [_Look(check, machine) for check in wanted]
    for look in looks:
        look.start()
    return [line for look in looks for line in look.found()]


def _load(checks: Sequence[Check], machine: Machine) -> None:
    """Threads that import modules of one package at the same time may fail with ``_DeadlockError``."""
    needed: list[Callable[[], object]] = [partial(import_module, name) for check in checks for name in check.loads]
    if any(check.channels for check in checks):
        needed.append(machine.channels)
    for load in needed:
        # What cannot be loaded fails again in the look that uses it, and is told there.
        with contextlib.suppress(Exception):
            load()


class _Look(threading.Thread):
    """One check, in a thread with an event loop of its own: what one loads or waits for delays no other one.

    What it had found before it failed or its time was over stays. Nobody waits for one that hangs in a system call.
    """

    def __init__(self, check: Check, machine: Machine) -> None:
        super().__init__(daemon=True, name=check.name)
        self._check = check
        self._machine = machine
        self._lines: list[Finding] = []
        self._late = False
        self._until = time.monotonic() + check.within_s

    def run(self) -> None:
        """Collect the lines."""
        try:
            looked = self._check.look(self._machine)
            if isinstance(looked, AsyncIterable):
                asyncio.run(self._collect(looked))
            else:
                self._lines.extend(looked)
        except TimeoutError:
            self._late = True
        except Exception as error:  # noqa: BLE001 - one look that fails hides nothing of the others
            told = f"could not be looked at: {type(error).__name__}: {error}"
            advice = "mend what it names; if it names nothing, tell the makers of this program"
            self._lines.append(fail(self._check.name, told, advice))

    def found(self) -> list[Finding]:
        """Its lines, as soon as it has ended or its time is over."""
        self.join(max(0.0, self._until - time.monotonic()))
        lines = list(self._lines)
        if self._late or self.is_alive():
            advice = "what it looks at hangs (a dead share or server?), or this machine is very busy; look by hand"
            lines.append(fail(self._check.name, f"no result within {self._check.within_s:g} s", advice))
        return lines

    async def _collect(self, looked: AsyncIterable[Finding]) -> None:
        async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
            async for line in looked:
                self._lines.append(line)
