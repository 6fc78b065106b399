"""A child process: started, restarted with back-off, and ended with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import GatewayError
from gateway.roles.rotation import rotate
from gateway.telemetry import log

FIRST_BACKOFF_S = 0.2
MAX_BACKOFF_S = 3.0
ROTATE_S = 60.0
"""How often a child's log is looked at."""
CONFIG_ERROR_EXIT = 2
"""The exit code of a child whose configuration is wrong; it has printed why."""
STEADY_S = 10.0
"""A child that lived so long starts its back-off anew."""
_PR_SET_PDEATHSIG = 1
_log = log.get("supervisor")
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run and how it ends."""

    name: str
    argv: Sequence[str]
    death_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the parent dies, however it dies (Linux ``prctl``)."""
    stop_s: float = 5.0
    """From SIGTERM to SIGKILL at an orderly stop."""
    nice: int = 0
    essential: bool = True
    """Whether the gateway cannot run without it: then its wrong configuration ends the run instead of a back-off."""
    reloads: bool = False
    """Whether it reads files anew at SIGHUP."""
    prepare: Callable[[], None] | None = None
    """Called before each start, e.g. to clear what a killed one left behind."""
    log: Path | None = None
    """A log file that it opens anew for each line; rotated when it is too large."""


class ChildRefusedToStart(GatewayError):
    """A child said that its configuration is wrong: starting it again would not help, a person has to act."""

    code = "child_refused"


class Child:
    """One supervised child."""

    def __init__(self, spec: ChildSpec, inherits: Sequence[int] = ()) -> None:
        """Not started yet. ``inherits`` are the descriptors that stay open in it."""
        self.spec = spec
        self._inherits = inherits
        self.process: asyncio.subprocess.Process | None = None
        self.restarts = 0
        self._stopping = False
        self._parent = os.getpid()

    async def run(self) -> None:
        """Keep the child running until ``stop``; ``ChildRefusedToStart`` when its configuration is wrong."""
        loop = asyncio.get_running_loop()
        backoff = FIRST_BACKOFF_S
        while not self._stopping:
            started = loop.time()
            if self.spec.prepare is not None:
                await asyncio.to_thread(self.spec.prepare)
            self.process = await asyncio.create_subprocess_exec(
                *self.spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=self._inherits,
                preexec_fn=self._in_child,
            )
            _log.info("child_started", child=self.spec.name, pid=self.process.pid)
            code = await self._ended(self.process)
            if self._stopping:
                return
            if code == CONFIG_ERROR_EXIT and self.spec.essential:
                raise ChildRefusedToStart(f"{self.spec.name} did not start; its message is above")
            self.restarts += 1
            backoff = FIRST_BACKOFF_S if loop.time() - started > STEADY_S else min(backoff * 2, MAX_BACKOFF_S)
            _log.error("child_died", child=self.spec.name, exit_code=code, restart_in_s=backoff)
            await asyncio.sleep(backoff)

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        """Wait for its end, and keep its log to a size meanwhile."""
        own = self.spec.log
        while True:
            if own is not None:
                await asyncio.to_thread(rotate, own)
            try:
                async with asyncio.timeout(ROTATE_S if own is not None else None):
                    return await process.wait()
            except TimeoutError:
                continue

    def reload(self) -> None:
        """Let it read its files anew, if it is one that does."""
        if self.spec.reloads and self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGHUP)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when it does not end in ``stop_s``."""
        self._stopping = True
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(self.spec.stop_s):
                await process.wait()
        except TimeoutError as error:
            _log.error("child_killed", child=self.spec.name, exc_info=error)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _in_child(self) -> None:
        os.setpgid(0, 0)  # Ctrl-C reaches the supervisor only; it stops the children in order.
        _libc.prctl(_PR_SET_PDEATHSIG, int(self.spec.death_signal))
        if os.getppid() != self._parent:  # it died before the kernel was told
            os._exit(1)
        if self.spec.reloads:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it listens: it reads its files at the start anyway
        if self.spec.nice:
            os.nice(self.spec.nice)
