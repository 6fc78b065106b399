"""Attachments on disk, by their content's SHA-256: ``<folder>/<aa>/<sha256>``. The same picture is kept once."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gateway.errors import NotFound, RejectedInput
from gateway.intake.sniff import ALLOWED, HEAD_BYTES, sniff

MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that has reached the disk."""

    sha256: str
    bytes: int
    media_type: str


class Refused(RejectedInput):
    """A file that is not kept; ``why`` is too_large, not_allowed or empty."""

    code = "attachment_refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AttachmentFiles:
    """Where attachments lie."""

    def __init__(self, folder: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """``folder`` is made when the first file comes."""
        self._folder = folder
        self.max_bytes = max_bytes

    async def keep(self, content: AsyncIterator[bytes], name: str | None = None) -> StoredFile:
        """Write ``content`` to disk as it comes; ``Refused`` when it is too large, empty or of no allowed type."""
        file = await asyncio.to_thread(self._open)
        digest, size, head = hashlib.sha256(), 0, b""

        def write(chunk: bytes) -> None:
            digest.update(chunk)
            file.write(chunk)

        try:
            async for chunk in content:
                size += len(chunk)
                if size > self.max_bytes:
                    raise Refused("too_large")
                if len(head) < HEAD_BYTES:
                    head += chunk[: HEAD_BYTES - len(head)]
                await asyncio.to_thread(write, chunk)
            if size == 0:
                raise Refused("empty")
            media_type = sniff(head, name)
            if media_type not in ALLOWED:
                raise Refused("not_allowed")
            sha256 = digest.hexdigest()
            await asyncio.to_thread(self._settle, file, sha256)
        finally:
            await asyncio.to_thread(_discard, file)
        return StoredFile(sha256=sha256, bytes=size, media_type=str(media_type))

    async def keep_text(self, text: str) -> StoredFile:
        """Write ``text`` as UTF-8, whatever it looks like; ``RejectedInput`` for half of a surrogate pair."""
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
            self._settle(file, sha256)
        finally:
            _discard(file)
        return StoredFile(sha256=sha256, bytes=len(content), media_type="text/plain")

    def path(self, sha256: str) -> Path:
        """The file of a content; ``NotFound`` when it is gone, or the name is none."""
        if len(sha256) != hashlib.sha256().digest_size * 2 or not sha256.isalnum():
            raise NotFound("there is no such file")
        path = self._folder / sha256[:2] / sha256
        if not path.is_file():
            raise NotFound("the file is gone")
        return path

    def _open(self) -> IO[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.NamedTemporaryFile(dir=self._folder, prefix=".incoming-", delete=False)

    def _settle(self, file: IO[bytes], sha256: str) -> None:
        """Under its name, and on the disk: a commit that names it follows."""
        file.flush()
        os.fsync(file.fileno())
        folder = self._folder / sha256[:2]
        folder.mkdir(exist_ok=True, mode=0o700)
        Path(file.name).replace(folder / sha256)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _discard(file: IO[bytes]) -> None:
    file.close()
    Path(file.name).unlink(missing_ok=True)
