"""A reader of speech in the test's own process, and one that is away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.change import NewSegment
from gateway.errors import ReaderUnavailable
from gateway.ports.speech import Understood
from gateway.prefill.reader import Prefill
from gateway.prefill.said import understand


class ReaderHere:
    """Reads at once; ``away`` makes it refuse."""

    def __init__(self, prefill: Prefill) -> None:
        self._prefill = prefill
        self.away = False

    async def read(self, said: Sequence[NewSegment], at: datetime, *, new: int) -> Understood:
        if self.away:
            raise ReaderUnavailable("away")
        return understand(self._prefill, said, at, new=new)
