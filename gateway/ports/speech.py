"""The port of pre-fill for a call: reads what the caller has said so far, never on the loop that paces RTP (ADR 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.domain.guess import Reading
from gateway.domain.transcript import NewSegment


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A transcript with what was mis-heard put right beside its text, and the fields that it fills."""

    said: tuple[NewSegment, ...]
    reading: Reading


class SpeechReader(Protocol):
    """Reads transcripts."""

    async def read(self, said: Sequence[NewSegment], at: datetime, *, new: int) -> Understood:
        """Everything said in a call that began ``at``, read anew; the last ``new`` segments were not seen before.

        ``ReaderUnavailable`` when nobody reads now: the words are kept, and read later.
        """
        ...
