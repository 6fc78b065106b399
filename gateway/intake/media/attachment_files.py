"""Attachments in a local or shared folder, by the day on which they came and their content's SHA-256.

``<root>/YYYY/MM/DD/<sha256>``: the same picture is kept once a day. Earlier versions kept it once for ever, as
``<root>/<aa>/<sha256>``: such files are read as before, and retention, which goes by days, does not know them.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import IO

from gateway.edge.system_clock import SystemClock
from gateway.errors import NotFound, RejectedInput
from gateway.intake.media.sniff import ALLOWED, HEAD_BYTES, sniff
from gateway.media.day_folders import day_folder, delete_before, sync_folder
from gateway.ports.attachments import MAX_BYTES, SETTLED_S, AttachmentRefused, Check, StoredFile
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics

LOCATION = re.compile(r"(?:\d{4}/\d{2}/\d{2}|[0-9a-f]{2})/[0-9a-f]{64}", re.ASCII)
_log = log.get("attachments")


class AttachmentFiles:
    """Implements ``gateway.ports.attachments.Attachments``."""

    def __init__(
        self,
        root: Path,
        *,
        earlier: Path | None = None,
        max_bytes: int = MAX_BYTES,
        min_free_percent: float = 0.0,
        clock: Clock | None = None,
    ) -> None:
        """``root`` is made when the first file comes; what is not found there is looked for in ``earlier``.

        With less free disk than ``min_free_percent`` no files are taken.
        """
        self._root = root
        self._earlier = earlier
        self._min_free = min_free_percent / 100
        self._clock = clock or SystemClock()
        self._low = False
        self.max_bytes = max_bytes

    async def keep(
        self, content: AsyncIterator[bytes], name: str | None = None, *, check: Check | None = None
    ) -> StoredFile:
        """See ``Attachments.keep``."""
        await asyncio.to_thread(self._check_room)
        file = await asyncio.to_thread(self._open)
        digest, size, head = hashlib.sha256(), 0, b""

        def write(chunk: bytes) -> None:
            digest.update(chunk)
            file.write(chunk)

        try:
            async for chunk in content:
                size += len(chunk)
                if size > self.max_bytes:
                    raise AttachmentRefused("too_large")
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                await asyncio.to_thread(write, chunk)
            if size == 0:
                raise AttachmentRefused("empty")
            media_type = sniff(head, name)
            if media_type not in ALLOWED:
                raise AttachmentRefused("not_allowed")
            sha256 = digest.hexdigest()
            if check is not None:
                await check(sha256, str(media_type))
            location = await asyncio.to_thread(self._settle, file, sha256)
        finally:
            await asyncio.to_thread(_discard, file)
        return StoredFile(location=location, sha256=sha256, bytes=size, media_type=str(media_type))

    async def keep_text(self, text: str) -> StoredFile:
        """See ``Attachments.keep_text``."""
        return await asyncio.to_thread(self._keep_text, text)

    def _keep_text(self, text: str) -> StoredFile:
        try:
            content = text.encode()
        except UnicodeEncodeError as error:
            raise RejectedInput("text contains half of a surrogate pair; it is not valid Unicode") from error
        sha256 = hashlib.sha256(content).hexdigest()
        file = self._open()
        try:
            file.write(content)
            location = self._settle(file, sha256)
        finally:
            _discard(file)
        return StoredFile(location=location, sha256=sha256, bytes=len(content), media_type="text/plain")

    def path(self, location: str | None) -> Path:
        """See ``Attachments.path``."""
        if location is None or not LOCATION.fullmatch(location):
            raise NotFound("There is no such file.")
        for root in (self._root, self._earlier):
            if root is not None and (root / location).is_file():
                return root / location
        raise NotFound("The file is gone: its retention time is over, or the folder is not there.")

    def expire(self, first_kept: date) -> list[str]:
        """See ``Attachments.expire``."""
        return delete_before(self._root, first_kept)

    def remove(self, location: str) -> bool:
        """See ``Attachments.remove``."""
        try:
            path = self.path(location)
            if time.time() - path.stat().st_mtime < SETTLED_S:
                return False
            path.unlink()
        except (NotFound, FileNotFoundError):
            pass
        return True

    def free_fraction(self) -> float:
        """See ``Attachments.free_fraction``."""
        try:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            disk = os.statvfs(self._root)
            free = disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0
        except OSError:
            free = 0.0
        low = free < self._min_free
        metrics.ATTACHMENT_FREE_FRACTION.set(free)
        metrics.ATTACHMENT_ALARM.set(low)
        if low and not self._low:
            _log.error("attachments_refused", free=round(free, 4), do="free space: no files are taken until then")
        self._low = low
        return free

    def _check_room(self) -> None:
        if self.free_fraction() < self._min_free:
            raise OSError(errno.ENOSPC, "less of the attachments' disk is free than [attachments] min_free_percent")

    def _open(self) -> IO[bytes]:
        folder = self._root / day_folder(self._clock.now())
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for above in (folder.parent, folder.parent.parent, self._root):
                sync_folder(above)
        return tempfile.NamedTemporaryFile(dir=folder, prefix=".incoming-", delete=False)

    def _settle(self, file: IO[bytes], sha256: str) -> str:
        """Under its name, and on the disk: a commit that names it follows."""
        file.flush()
        os.fsync(file.fileno())
        written = Path(file.name)
        settled = written.with_name(sha256)
        written.replace(settled)
        sync_folder(settled.parent)
        return settled.relative_to(self._root).as_posix()


def _discard(file: IO[bytes]) -> None:
    file.close()
    Path(file.name).unlink(missing_ok=True)
