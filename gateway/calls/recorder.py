"""Recordings in a local or shared folder: ``YYYY/MM/DD/<interaction_id>.wav``, written by one thread for all calls."""

from __future__ import annotations

import asyncio
import hashlib
import os
import queue
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

from gateway.errors import NotFound
from gateway.media.alaw_file import StereoAlawFile
from gateway.media.day_folders import day_folder, delete_before
from gateway.ports.recordings import FinishedRecording
from gateway.telemetry import log, metrics

_log = log.get("calls.recorder")

LOCATION = re.compile(r"\d{4}/\d{2}/\d{2}/[0-9A-Za-z_-]{1,64}\.wav", re.ASCII)
FLUSH_BYTES = 8000
"""A second of a track: what a killed process loses at most."""
FIRST_FLUSH_BYTES = 800
"""A tenth of a second: a call that was answered leaves a recording even when its process dies at once."""
BYTES_PER_S = 16_000
MAX_WAITING = 4096
"""Chunks (16 KB each) that may wait for a slow disk before recordings are given up."""
CLOSE_TIMEOUT_S = 30.0


class LocalRecordings:
    """Implements ``gateway.ports.recordings.Recordings``. ``start`` and ``write`` never touch the disk themselves."""

    def __init__(self, root: Path, *, min_free_percent: float) -> None:
        """Keep recordings below ``root``; with less free disk than ``min_free_percent`` new calls are not recorded."""
        self._root = root
        self._min_free = min_free_percent / 100
        self._jobs: queue.Queue[Callable[[], None]] = queue.Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._live: set[str] = set()
        self._low = False

    def location(self, interaction_id: str, at: datetime) -> str:
        """See ``Recordings.location``."""
        location = f"{day_folder(at)}/{interaction_id}.wav"
        if not LOCATION.fullmatch(location):
            raise ValueError(f"{interaction_id!r} cannot be part of a file's name")
        return location

    def start(self, interaction_id: str, at: datetime) -> LocalWriter:
        """Begin a recording; one of the same interaction that is there already is continued."""
        location = self.location(interaction_id, at)
        self._live.add(location)
        return LocalWriter(self, location)

    def path(self, location: str) -> Path:
        """The file of a location; ``NotFound`` when it is gone or lies outside the root.

        While its call is up a recording has a path even if nothing is on disk yet, or never will be.
        """
        if not LOCATION.fullmatch(location):
            raise NotFound("There is no recording of that name.")
        path = self._root / location
        if location not in self._live and not path.is_file():
            raise NotFound("The recording is gone: its retention time is over, or the folder is not there.")
        return path

    def finish(self, location: str) -> FinishedRecording | None:
        """See ``Recordings.finish``."""
        try:
            path = self.path(location)
            if not path.is_file():
                return None
            file = StereoAlawFile(path)
            file.close()
            return self._hashed(location, file.audio_bytes)
        except NotFound:
            return None
        except OSError as error:
            self.alarm("recording_not_repaired", error)
            return None

    def free_fraction(self) -> float:
        """Free share of the disk, 0..1; 0 when the folder cannot be had. Blocking; raises or ends the disk's alarm."""
        try:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            disk = os.statvfs(self._root)
            free = disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0
        except OSError:
            free = 0.0
        if self._low != (free < self._min_free):
            self._low = free < self._min_free
            metrics.RECORDING_ALARM.set(self._low)
        return free

    def expire(self, first_kept: date) -> list[str]:
        """See ``Recordings.expire``."""
        return delete_before(self._root, first_kept, keep=frozenset(self._live))

    def remove(self, location: str) -> bool:
        """See ``Recordings.remove``."""
        try:
            self.path(location).unlink()
        except (NotFound, FileNotFoundError):
            return False
        return True

    # -- for LocalWriter ---------------------------------------------------------------------------------------------

    def submit(self, job: Callable[[], None], *, wait_s: float = 0.0) -> bool:
        """Queue work for the writer thread; False when too much waits already, also after ``wait_s``."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
            self._thread.start()
        try:
            self._jobs.put(job, block=wait_s > 0, timeout=wait_s)
        except queue.Full:
            return False
        return True

    def open(self, location: str) -> StereoAlawFile | None:
        """In the writer thread: the file, or None when the disk is too full or cannot be written."""
        free = self.free_fraction()
        metrics.RECORDING_FREE_FRACTION.set(free)
        if free < self._min_free:
            self.alarm("recording_disk_full", None)
            return None
        try:
            file = StereoAlawFile(self._root / location)
        except OSError as error:
            self.alarm("recording_not_opened", error)
            return None
        metrics.RECORDING_ALARM.set(0)
        return file

    def alarm(self, event: str, error: Exception | None) -> None:
        """Raise the recording alarm; it ends when a recording works again."""
        metrics.RECORDING_ALARM.set(1)
        _log.error(event, exc_info=error)

    def ended(self, location: str) -> None:
        """The recording's call is over."""
        self._live.discard(location)

    def finished(self, location: str, audio_bytes: int) -> FinishedRecording | None:
        """Hash a closed file; one without audio is removed."""
        path = self._root / location
        if not audio_bytes:
            path.unlink(missing_ok=True)
            return None
        return self._hashed(location, audio_bytes)

    def _hashed(self, location: str, audio_bytes: int) -> FinishedRecording:
        path = self._root / location
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
        return FinishedRecording(location=location, duration_s=audio_bytes / BYTES_PER_S, sha256=digest, bytes=size)

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                job()
            except Exception as error:  # noqa: BLE001 - one recording's fault must not end the thread of all
                self.alarm("recording_failed", error)


class LocalWriter:
    """Implements ``gateway.ports.recordings.RecordingWriter``: gathers a second of audio for the writer thread."""

    def __init__(self, recordings: LocalRecordings, location: str) -> None:
        self._recordings = recordings
        self._location = location
        self._caller, self._ours = bytearray(), bytearray()
        self._flush_at = FIRST_FLUSH_BYTES
        self._file: StereoAlawFile | None = None
        self._failed = False
        self._begun: Future[None] = Future()
        self._stopped = False
        if not recordings.submit(self._open):
            self._stopped = True
            self._begun.set_result(None)

    @property
    def location(self) -> str:
        """Where it lies, relative to the recordings' root."""
        return self._location

    async def begun(self, wait_s: float) -> None:
        """See ``RecordingWriter.begun``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await asyncio.shield(asyncio.wrap_future(self._begun))

    def write(self, caller: bytes, ours: bytes) -> None:
        """Append one 20 ms frame pair. Never raises and never waits."""
        if self._stopped:
            return
        self._caller += caller
        self._ours += ours
        if len(self._caller) >= self._flush_at:
            self._flush()
            self._flush_at = FLUSH_BYTES

    def close(self) -> FinishedRecording | None:
        """Flush, bring to the disk, hash; None when nothing was recorded. Blocking: call it in a thread."""
        if self._caller and not self._stopped:
            self._flush(wait_s=CLOSE_TIMEOUT_S)
        self._stopped = True
        written: Future[StereoAlawFile | None] = Future()
        try:
            taken = self._recordings.submit(lambda: written.set_result(self._file), wait_s=CLOSE_TIMEOUT_S)
            file = written.result(CLOSE_TIMEOUT_S if taken else 0)
            self._file = None
            if file is None:
                return None
            file.close()
            return self._recordings.finished(self._location, file.audio_bytes)
        except (OSError, TimeoutError) as error:
            self._recordings.alarm("recording_not_closed", error)
            return None
        finally:
            self._recordings.ended(self._location)

    def _flush(self, *, wait_s: float = 0.0) -> None:
        caller, ours = bytes(self._caller), bytes(self._ours)
        self._caller.clear()
        self._ours.clear()
        if not self._recordings.submit(lambda: self._append(caller, ours), wait_s=wait_s):
            self._stopped = True
            self._recordings.alarm("recording_disk_too_slow", None)

    # -- in the writer thread ----------------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._file = self._recordings.open(self._location)
            self._stopped = self._stopped or self._file is None
        finally:
            self._begun.set_result(None)

    def _append(self, caller: bytes, ours: bytes) -> None:
        if self._file is None or self._failed:
            return
        try:
            self._file.append(caller, ours)
        except OSError as error:
            self._failed = self._stopped = True
            self._recordings.alarm("recording_stopped", error)
