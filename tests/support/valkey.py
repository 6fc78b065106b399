"""The embedded Valkey as a child of the test."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from gateway.interprocess.valkey_server import EmbeddedValkey


class RunningValkey:
    """Use as an async context manager; ``kill`` it and ``start`` it again as often as wanted."""

    def __init__(self, data_dir: Path) -> None:
        self.server = EmbeddedValkey(data_dir)
        self.process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.kill()

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.server.prepare()
        self.process = subprocess.Popen(self.server.command())
        try:
            assert await self.server.wait_ready(10)
        except BaseException:
            self.kill()  # nobody else will: the block that would end it is never entered
            raise

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
