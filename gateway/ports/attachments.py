"""Where pictures, voice messages and files lie that people sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from gateway.errors import RejectedInput

MAX_BYTES = 20 * 1024 * 1024
SETTLED_S = 10.0
"""A file is on the disk before the row that names it; after so long that row is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that has reached the disk."""

    location: str
    """Where it lies, relative to the attachments' root."""
    sha256: str
    bytes: int
    media_type: str


class AttachmentRefused(RejectedInput):
    """A file that is not kept; ``why`` is too_large, not_allowed or empty."""

    code = "attachment_refused"

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


Check = Callable[[str, str], Awaitable[None]]
"""Takes SHA-256 and media type of a file that has come; what it raises leaves nothing on the disk."""


class Attachments(Protocol):
    """The attachments port: a local or shared folder."""

    @property
    def max_bytes(self) -> int:
        """No file is larger."""
        ...

    async def keep(
        self, content: AsyncIterator[bytes], name: str | None = None, *, check: Check | None = None
    ) -> StoredFile:
        """Write ``content`` to disk as it comes; ``check`` says in the end whether it may stay.

        ``AttachmentRefused`` when it is too large, empty or of no allowed type.

        ``OSError`` when the disk takes none, or is fuller than its watermark: try again later.
        """
        ...

    async def keep_text(self, text: str) -> StoredFile:
        """Write ``text`` as UTF-8, whatever it looks like, also below the watermark; ``OSError`` as above.

        ``RejectedInput`` for half of a surrogate pair.
        """
        ...

    def path(self, location: str | None) -> Path:
        """The file of a location; ``NotFound`` when it is gone, or lies outside the root. Blocking."""
        ...

    def expire(self, first_kept: date) -> list[str]:
        """Delete the files that came before that day (UTC); their locations. Blocking."""
        ...

    def remove(self, location: str) -> bool:
        """Delete one file, which no row of another attachment names. Blocking; ``OSError``.

        False: the same file has just come once more, and its row may be on the way; ask again in ``SETTLED_S``.
        """
        ...

    def free_fraction(self) -> float:
        """Free share of the disk, 0..1; 0 when the folder cannot be had. Blocking; raises or ends the alarm."""
        ...
