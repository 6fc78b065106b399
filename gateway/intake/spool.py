"""Calls go on while SQL cannot commit: their Changes wait in files and are registered at recovery (DESIGN 4.5)."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from gateway.domain import change_json
from gateway.domain.change import Applied, Change
from gateway.errors import GatewayError, StoreUnavailable
from gateway.ports.store import ChangeStore
from gateway.telemetry import log, trace

RETRY_S = 5.0
_log = log.get("spool")


class SpoolingStore:
    """A ChangeStore for calls: what the store refuses for now is kept on disk, in order, one file a ticket.

    While a ticket has spooled Changes, later ones of it are spooled too, so that they are applied in order.
    """

    def __init__(self, *, store: ChangeStore, folder: Path) -> None:
        """Spool into ``folder``; what an earlier process left there is drained too."""
        self._store = store
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._spooled = {path.stem for path in folder.glob("*.jsonl")}
        self._lock = asyncio.Lock()

    async def apply(self, change: Change) -> Applied:
        """Apply, or keep on disk: then ``ticket_no`` is empty. ``StoreUnavailable`` when the disk fails as well."""
        ticket_id = change.new_ticket.ticket_id if change.new_ticket else change.ticket_id or ""
        if ticket_id not in self._spooled:
            try:
                return await self._store.apply(change)
            except StoreUnavailable as error:
                _log.error("change_spooled", ticket_id=ticket_id, exc_info=error)
        change = replace(change, trace=change.trace or trace.current())
        async with self._lock:
            try:
                await asyncio.to_thread(self._append, ticket_id, change)
            except OSError as error:
                raise StoreUnavailable("neither the database nor the disk takes this call; free disk space") from error
            self._spooled.add(ticket_id)
        return Applied(
            ticket_id=ticket_id,
            ticket_no="",
            interaction_id=change.new_interaction.interaction_id if change.new_interaction else change.interaction_id,
            version=0,
            event_seq=0,
        )

    async def run(self) -> None:
        """Drain whenever the store is back, until cancelled."""
        while True:
            if self._spooled:
                try:
                    await self.drain()
                except StoreUnavailable as error:
                    _log.warning("spool_waits", tickets=len(self._spooled), exc_info=error)
            await asyncio.sleep(RETRY_S)

    async def drain(self) -> int:
        """Apply everything spooled; how many tickets came through. ``StoreUnavailable`` while the store is down."""
        drained = 0
        for path in sorted(self._folder.glob("*.jsonl")):
            async with self._lock:
                lines = (await asyncio.to_thread(path.read_text, encoding="ascii")).splitlines()
                for line in lines:
                    await self._apply_line(path, line)
                path.unlink()
                self._spooled.discard(path.stem)
            drained += 1
            _log.info("spool_drained", ticket_id=path.stem)
        return drained

    async def _apply_line(self, path: Path, line: str) -> None:
        try:
            await self._store.apply(change_json.loads(line))
        except StoreUnavailable:
            raise
        except (GatewayError, ValueError, KeyError, TypeError) as error:
            # A torn last line of a crash, or a Change that can never apply: keep it for a person, go on with the rest.
            _log.error("spooled_change_refused", ticket_id=path.stem, exc_info=error)
            with (path.parent / "refused.txt").open("a", encoding="ascii") as refused:
                refused.write(line + "\n")

    def _append(self, ticket_id: str, change: Change) -> None:
        descriptor = os.open(self._folder / f"{ticket_id}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, (change_json.dumps(change) + "\n").encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
