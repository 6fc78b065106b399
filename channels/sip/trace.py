"""Every SIP message, as JSON lines for ``gateway trace``: written by a thread, never waited for."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from gateway.ports.clock import Clock
from gateway.telemetry import log

MAX_WAITING = 20_000
MAX_RAW = 8_192
MAX_DAY_BYTES = 2 * 1024**3
"""A day's file does not grow beyond this: a flood must not fill the recordings' disk."""
FLUSH_S = 0.2
_log = log.get("sip_trace")
_Entry = tuple[datetime, bool, str, bytes]


class TraceWriter:
    """Call it with (received, peer, message). Lines go to ``<folder>/YYYYMMDD/<name>.jsonl`` (UTC days)."""

    def __init__(self, folder: Path, name: str, clock: Clock) -> None:
        self._folder = folder
        self._name = name
        self._clock = clock
        self._waiting: deque[_Entry] = deque()
        self._writing: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.dropped = 0
        """Messages that were not written: too many at once, disk full, or the day's limit."""

    def __call__(self, received: bool, peer: str, message: bytes) -> None:  # noqa: FBT001 - ``wire.Trace``
        """Take a message; drops it when the writer cannot keep up."""
        if len(self._waiting) >= MAX_WAITING:
            self.dropped += 1
            return
        self._waiting.append((self._clock.now(), received, peer, message[:MAX_RAW]))
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._timer = None
        batch = list(self._waiting)
        self._waiting.clear()
        self._writing = asyncio.get_running_loop().run_in_executor(None, self._write, batch)
        self._writing.add_done_callback(self._written)

    def _written(self, future: asyncio.Future[None]) -> None:
        self._writing = None
        if not future.cancelled() and future.exception() is not None:
            _log.error("trace_failed", exc_info=future.exception())
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _write(self, batch: list[_Entry]) -> None:
        """In a thread: lines by day."""
        days: dict[str, list[str]] = {}
        for at, received, peer, message in batch:
            days.setdefault(at.astimezone(UTC).strftime("%Y%m%d"), []).append(_line(at, received, peer, message))
        for day, lines in days.items():
            path = self._folder / day / f"{self._name}.jsonl"
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                with os.fdopen(handle, "a", encoding="utf-8") as file:
                    if os.fstat(file.fileno()).st_size >= MAX_DAY_BYTES:
                        self.dropped += len(lines)
                        continue
                    file.write("".join(lines))
            except OSError as error:
                self.dropped += len(lines)
                _log.warning("trace_failed", exc_info=error)

    async def aclose(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            batch = list(self._waiting)
            self._waiting.clear()
            await asyncio.to_thread(self._write, batch)


def _line(at: datetime, received: bool, peer: str, message: bytes) -> str:  # noqa: FBT001 - an entry's fields
    raw = message.decode("utf-8", "replace")
    head = raw.partition("\r\n\r\n")[0].splitlines()
    found = {"call-id": "", "cseq": ""}
    for line in head[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        name = "call-id" if name == "i" else name
        if name in found and not found[name]:
            found[name] = value.strip()
    entry = {
        "ts": at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "dir": "in" if received else "out",
        "peer": peer,
        "first_line": head[0] if head else "",
        "cseq": found["cseq"],
        "call_id": found["call-id"],
        "raw": raw,
    }
    return json.dumps(entry, ensure_ascii=False) + "\n"
