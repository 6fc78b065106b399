"""How far those have come who follow the event log; ``gateway.storage`` implements it on SQL."""

from __future__ import annotations

from typing import Protocol


class Cursors(Protocol):
    """One event_seq for each name, shared by all processes. ``StoreUnavailable``."""

    async def get(self, name: str) -> int | None:
        """Where it stands; None: it never began."""
        ...

    async def put(self, name: str, event_seq: int) -> None:
        """It has come so far, if not further: of several processes some lag. After commit."""
        ...

    async def put_new(self, name: str, event_seq: int) -> int:
        """Where it stands: at ``event_seq``, unless somebody, in whichever process, came first. After commit."""
        ...
