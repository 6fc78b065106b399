"""The simulated ISMG, whose answers a test decides. It can drop connections, deliver out of order, and throttle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.cli.simulators.ismg import SUBMIT, TEST, QueuedMessage, Taken
from gateway.cli.simulators.ismg import Ismg as SimulatedIsmg

__all__ = ["Ismg", "QueuedMessage", "Taken", "running_ismg"]


@dataclass
class Ismg(SimulatedIsmg):
    sp: str = "900001"
    secret: str = "888888"
    t_s: float = 0.3
    results: list[int | None] = field(default_factory=list)
    """Answers of the next submits; None: silence; 0 when used up."""
    tests: int = 0
    deliver_results: list[int] = field(default_factory=list)
    submits: list[int] = field(default_factory=list)
    """Sequence of each submit that came."""
    answer_tests: bool = True
    zero_proof: bool = False
    shuffle: random.Random | None = None

    def handle(self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes) -> None:
        if command == SUBMIT:
            self.submits.append(sequence)
        elif command == TEST:
            self.tests += 1
            if not self.answer_tests:
                return
        super().handle(writer, command, sequence, body)

    def result_of(self, taken: Taken) -> int | None:
        return self.results.pop(0) if self.results else super().result_of(taken)

    def in_order(self, due: list[QueuedMessage]) -> list[QueuedMessage]:
        if self.shuffle is not None:
            self.shuffle.shuffle(due)
        return due

    def proof(self, status: bytes, theirs: bytes) -> bytes:
        return bytes(16) if self.zero_proof else super().proof(status, theirs)

    def delivered(self, sequence: int, msg_id: bytes, result: int) -> None:
        self.deliver_results.append(result)
        super().delivered(sequence, msg_id, result)

    def drop(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None


@asynccontextmanager
async def running_ismg(**options: object) -> AsyncIterator[Ismg]:
    async with Ismg(**options).listening() as ismg:
        yield ismg
