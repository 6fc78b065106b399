"""The simulated SMSC, whose answers a test decides."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.cli.simulators.smsc import TEST, Submitted, deliver, pdu
from gateway.cli.simulators.smsc import Smsc as SimulatedSmsc

__all__ = ["Smsc", "Submitted", "deliver", "pdu", "running_smsc"]


@dataclass
class Smsc(SimulatedSmsc):
    """``statuses``: what the next submits are answered with (0 when used up); None stays silent."""

    password: str = "secret"
    statuses: list[int | None] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    """Commands that came."""
    answer_links: bool = True

    def handle(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> None:
        self.seen.append(command)
        if command != TEST or self.answer_links:
            super().handle(writer, command, status, sequence, body)

    def status_of(self, submitted: Submitted) -> int | None:
        return self.statuses.pop(0) if self.statuses else super().status_of(submitted)

    def drop(self) -> None:
        assert self.writer is not None
        self.bound.clear()
        self.writer.transport.abort()


@asynccontextmanager
async def running_smsc() -> AsyncIterator[Smsc]:
    async with Smsc().listening() as smsc:
        yield smsc
