"""The clock that retention goes by."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class RetentionClock(Protocol):
    """What is deleted by age is deleted by this clock."""

    async def believed(self) -> datetime | None:
        """Now; None while this machine's clock is doubted: then nothing is deleted. ``StoreUnavailable``."""
        ...
