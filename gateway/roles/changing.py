"""Duties that come and go while a process runs: its channels and its feeds."""

from __future__ import annotations

import asyncio

from gateway.roles.duties import Duty, kept


class ChangingDuties:
    """Named duties that are started and ended at run time; ``run`` is one duty made of them all."""

    def __init__(self) -> None:
        """None yet. Needs a running loop."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._fault: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def start(self, name: str, duty: Duty) -> None:
        """From now on."""
        task = asyncio.create_task(kept(name, duty), name=name)
        self._tasks[name] = task
        task.add_done_callback(self._ended)

    async def end(self, name: str) -> None:
        """Cancel it and wait until it has put down what it holds."""
        task = self._tasks.pop(name)
        task.cancel()
        await asyncio.wait({task})

    async def run(self) -> None:
        """Until cancelled, which ends all of them; raises the ``ConfigError`` of any."""
        try:
            await asyncio.shield(self._fault)
        finally:
            tasks = set(self._tasks.values())
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and not self._fault.done():
            self._fault.set_exception(error)
