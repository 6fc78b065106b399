"""Calls go on while SQL cannot commit: their commands wait in files and are registered at recovery.

Each process spools into a folder of its own below ``spool/``, made when it is needed, locked as long as the process
lives, and drains it. What a process left that is gone is drained and taken away by any other one, of whatever machine
sees the folder: its lock is free then. The kernel, or a file server, lets go of the lock of who died.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

from gateway.domain.command import Applied
from gateway.errors import AlreadyErased, GatewayError, StoreUnavailable
from gateway.following.poll import every
from gateway.intake.call.spooled import OfCall, dumps, loads
from gateway.ports.store import CommandStore
from gateway.telemetry import log, metrics, trace

RETRY_S = 5.0
AT_ONCE = 32
"""Tickets drained side by side: they share commits."""
LOCK = ".lock"
_log = log.get("spool")


class SpoolingStore:
    """A CommandStore for calls: what the store refuses for now is kept on disk, in order, one file a ticket.

    While a ticket has spooled commands, later ones of it are spooled too, so that they are applied in order.
    """

    def __init__(self, *, store: CommandStore, folder: Path, name: str) -> None:
        """Spool below ``folder``; ``name`` is this process's and nobody else's, now or later, on any machine."""
        self._store = store
        self._folder = folder
        self._own = folder / name
        self._refused = folder / f"refused-{name}.txt"
        self._held: int | None = None
        self._spooled: dict[str, set[str]] = {}
        """Interactions by ticket."""
        self._appending = asyncio.Lock()
        self._by_ticket: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._told: set[Path] = set()
        """Folders of which the log says that they are not readable."""

    async def execute(self, command: OfCall) -> Applied:
        """Execute, or keep on disk: then ``ticket_no`` is empty. ``StoreUnavailable`` when the disk fails as well."""
        ticket_id, own = command.ticket_id, command.interaction_id
        if ticket_id in self._spooled:
            async with self._lock_of(ticket_id):
                pass  # a drain of it that is under way may leave nothing to wait behind
        if ticket_id not in self._spooled:
            try:
                return await self._store.execute(command)
            except StoreUnavailable as error:
                _log.error("change_spooled", ticket_id=ticket_id, exc_info=error)
        traced = replace(command, trace=command.trace or trace.current())  # type: ignore[type-var]  # commands are dataclasses
        async with self._lock_of(ticket_id):
            try:
                async with self._appending:
                    await asyncio.to_thread(self._append, ticket_id, traced)
            except OSError as error:
                raise StoreUnavailable("neither the database nor the disk takes this call; free disk space") from error
            self._spooled.setdefault(ticket_id, set()).add(own)
        return Applied(
            ticket_id=ticket_id,
            ticket_no="",
            interaction_id=own,
            version=0,
            event_seq=0,
        )

    def waiting(self) -> set[str]:
        """Interactions of which this process has spooled commands: whatever the store says, they are its own."""
        return {interaction_id for ids in self._spooled.values() for interaction_id in ids}

    async def run(self) -> None:
        """Drain whenever the store is back, until cancelled; measure what a person has to look at."""
        await every(RETRY_S, self._step, self._waits)

    async def _step(self) -> None:
        try:
            await self.drain()
        finally:
            refused = await asyncio.to_thread(lambda: list(self._folder.glob("refused-*.txt")))
            metrics.SPOOL_REFUSED.set(len(refused))

    def _waits(self, *, exc_info: StoreUnavailable) -> None:
        _log.warning("spool_waits", tickets=len(self._spooled), exc_info=exc_info)

    async def drain(self) -> int:
        """Apply what this process has spooled and what others left; how many tickets came through.

        ``StoreUnavailable`` while the store is down.
        """
        drained = await self._drain(self._own) if self._spooled else 0
        for left in await asyncio.to_thread(self._folders):
            with self._claimed(left) as ours:
                if ours:
                    drained += await self._drain(left)
                    if left != self._folder:
                        await asyncio.to_thread(_remove, left)
        return drained

    @contextmanager
    def _claimed(self, folder: Path) -> Iterator[bool]:
        """Hold a folder; False while its process lives, another one drains it, or it is not ours to read."""
        held = None
        try:
            held = _hold(folder)
            self._told.discard(folder)
        except FileNotFoundError:
            pass  # drained meanwhile
        except OSError as error:
            if folder not in self._told:
                self._told.add(folder)
                do = "chown it to the user of the service"
                _log.error("spool_not_readable", folder=folder.name, do=do, exc_info=error)
        try:
            yield held is not None
        finally:
            if held is not None:
                os.close(held)

    def _lock_of(self, ticket_id: str) -> asyncio.Lock:
        """Held while commands of the ticket are spooled or drained."""
        return self._by_ticket.setdefault(ticket_id, asyncio.Lock())

    async def _drain(self, folder: Path) -> int:
        paths = await asyncio.to_thread(_tickets, folder)
        left = iter(paths)

        async def some() -> None:
            for path in left:
                await self._drain_ticket(path, own=folder == self._own)

        # All of them are waited for: nothing is drained once the folder's lock is free.
        for failure in await asyncio.gather(*(some() for _ in range(AT_ONCE)), return_exceptions=True):
            if failure is not None:
                raise failure
        return len(paths)

    async def _drain_ticket(self, path: Path, *, own: bool) -> None:
        async with self._lock_of(path.stem):
            for line in (await asyncio.to_thread(_text, path)).splitlines():
                await self._apply_line(path, line)
            await asyncio.to_thread(path.unlink)
            if own:
                self._spooled.pop(path.stem, None)
        _log.info("spool_drained", ticket_id=path.stem)

    async def _apply_line(self, path: Path, line: str) -> None:
        try:
            await self._store.execute(loads(line))
        except StoreUnavailable:
            raise
        except AlreadyErased as error:
            _log.warning("spooled_command_erased", ticket_id=path.stem, exc_info=error)
        except (GatewayError, ValueError) as error:
            # A torn last line of a crash, or a command that is refused: keep it for a person, go on with the rest.
            _log.error("spooled_change_refused", ticket_id=path.stem, exc_info=error)
            with self._refused.open("a", encoding="ascii") as refused:
                refused.write(line + "\n")

    def _append(self, ticket_id: str, command: OfCall) -> None:
        # Nobody looks into the folder before it is locked: then only it gets its name.
        coming = self._folder / f".{self._own.name}"
        if self._held is None:
            coming.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(OSError):  # no locks here: then nobody else can claim the folder, and says so
                self._held = _hold(coming)
        if not self._own.is_dir():
            coming.rename(self._own)
        descriptor = os.open(self._own / f"{ticket_id}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, (dumps(command) + "\n").encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _folders(self) -> list[Path]:
        """Where something may have been left: other processes' folders, and ``spool`` itself, by earlier versions."""
        try:
            with os.scandir(self._folder) as entries:
                found = sorted(
                    entry.path for entry in entries if entry.name[0] != "." and entry.is_dir(follow_symlinks=False)
                )
        except FileNotFoundError:
            return []
        others = [folder for folder in map(Path, found) if folder != self._own]
        return [*([self._folder] if _tickets(self._folder) else []), *others]


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii", errors="backslashreplace")


def _tickets(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _hold(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock until it is closed; None while another one does.

    ``OSError`` where the folder, or its file system, gives no locks.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove(folder: Path) -> None:
    """Take away a drained folder, its lock at last; it stays when there is something else in it."""
    with suppress(OSError):
        (folder / LOCK).unlink()
        folder.rmdir()
