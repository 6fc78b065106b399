"""Kills a random process of the house, by its pid, and waits until the house is whole again."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field

from tests.support.running import RunningGateway
from tests.support.waiting import eventually

WEIGHTS = {"core": 55, "valkey": 20, "asr-0": 20, "supervisor": 5}
BACK_S = 90.0
"""The supervisor's back-off grows to 10 s; the bound only ends a test that would hang."""


@dataclass
class Killer:
    """``kills`` by name."""

    gateway: RunningGateway
    chance: random.Random
    pause_s: tuple[float, float] = (0.5, 4.0)
    """How long a whole house is left alone."""
    kills: Counter[str] = field(default_factory=Counter)

    async def run(self, times: int) -> None:
        """So many kills, each at a random moment of a house that is up."""
        for number in range(times):
            await asyncio.sleep(self.chance.uniform(*self.pause_s))
            victims = {name: WEIGHTS[name] for name in (*self.gateway.children(), "supervisor")}
            # The first kill always hits the core: the short form must not miss the process that matters.
            name = "core" if number == 0 else self.chance.choices(list(victims), list(victims.values()))[0]
            self.kills[name] += 1
            await asyncio.to_thread(self._kill, name)

    def _kill(self, name: str) -> None:
        gateway = self.gateway
        before = gateway.children()
        if name == "supervisor":
            assert gateway.process is not None
            gateway.process.kill()
            gateway.process.wait()
        else:
            gateway.kill(name)
        if name == "supervisor":
            gateway.start()
            return

        def back() -> bool:
            now = gateway.children()
            return now.keys() == before.keys() and now[name] != before[name]

        eventually(back, within_s=BACK_S, what=f"{name} to be back")
        gateway.wait_ready()
