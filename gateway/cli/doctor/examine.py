"""Running the checks: all at once, each by itself, each within its time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterable, Iterable, Sequence

from gateway.cli.doctor.check import Check, Line, fail
from gateway.cli.doctor.machine import Machine


async def examine(machine: Machine, checks: Iterable[Check]) -> list[Line]:
    """What all of ``checks`` find, in their order."""
    found = await asyncio.gather(*(_one(check, machine) for check in checks))
    return [line for lines in found for line in lines]


async def _one(check: Check, machine: Machine) -> Sequence[Line]:
    """What one finds; what it had found before it failed or its time was over stays."""
    lines: list[Line] = []
    try:
        async with asyncio.timeout(check.within_s):
            looked = check.look(machine)
            if isinstance(looked, AsyncIterable):
                async for line in looked:
                    lines.append(line)  # noqa: PERF401 - what came before its time was over has to stay
            else:
                await _in_thread(looked, lines)
    except TimeoutError:
        advice = "what it looks at hangs (a dead share or server?); look at it by hand"
        lines.append(fail(check.name, f"no result within {check.within_s:g} s", advice))
    except Exception as error:  # noqa: BLE001 - one look that fails hides nothing of the others
        told = f"could not be looked at: {type(error).__name__}: {error}"
        lines.append(fail(check.name, told, "mend what it names; if it names nothing, tell the makers of this program"))
    return lines


async def _in_thread(looked: Iterable[Line], lines: list[Line]) -> None:
    """Like ``asyncio.to_thread``, but nothing waits at the end for one that hangs in a system call."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def work() -> None:
        failed: BaseException | None = None
        try:
            lines.extend(looked)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            failed = error
        try:
            loop.call_soon_threadsafe(finish, failed)
        except RuntimeError:  # the loop has ended: nobody waits any more
            return

    threading.Thread(target=work, daemon=True, name="doctor").start()
    await done
