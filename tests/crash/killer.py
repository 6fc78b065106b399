"""Kills processes of the house at random moments, by their pid, and waits until the house is whole again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from tests.support.running import RunningGateway
from tests.support.waiting import eventually

BACK_S = 90.0
"""The supervisor's back-off is a few seconds; the bound only ends a test that would hang."""
SUPERVISOR = "supervisor"


@dataclass
class Killer:
    """``kills`` by name."""

    gateway: RunningGateway
    chance: random.Random
    pause_s: tuple[float, float] = (0.5, 4.0)
    """How long a whole house is left alone."""
    kills: Counter[str] = field(default_factory=Counter)

    async def run(self, times: int) -> None:
        """At least so many kills, each at a random moment of a house that is up, as many of each process."""
        names = [*self.gateway.children(), SUPERVISOR]
        order = names * -(-times // len(names))
        self.chance.shuffle(order)
        for name in order:
            await asyncio.sleep(self.chance.uniform(*self.pause_s))
            self.kills[name] += 1
            await asyncio.to_thread(self._kill, name)

    def _kill(self, name: str) -> None:
        gateway = self.gateway
        before = gateway.children()
        if name == SUPERVISOR:
            assert gateway.process is not None
            gateway.process.kill()
            gateway.process.wait()
        else:
            gateway.kill(name)
        if name == SUPERVISOR:
            gateway.start()
            return

        def back() -> bool:
            now = gateway.children()
            return now.keys() == before.keys() and now[name] != before[name]

        eventually(back, within_s=BACK_S, what=f"{name} to be back")
        gateway.wait_ready()
