"""A recogniser that understands what a test says is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from gateway.ports.recogniser import Final


class ScriptedRecogniser:
    """Implements ``Recogniser``, and is its one stream."""

    complete = True
    speech_ms: int | None = None
    """Not told."""

    def __init__(self) -> None:
        self._results: asyncio.Queue[Final | None] = asyncio.Queue()

    def open(self, **_: Any) -> Self:
        """See ``Recogniser.open``."""
        return self

    def push(self, alaw: bytes) -> None:
        """Nobody listens."""

    def understand(self, text: str, end_ms: int, language: str = "zh", *, start_ms: int | None = None) -> None:
        """``text`` was said until ``end_ms`` of the stream, for a second where nothing else is said."""
        began = max(0, end_ms - 1000) if start_ms is None else start_ms
        self._results.put_nowait(
            Final(start_ms=began, end_ms=end_ms, text=text, language=language, confidence=0.9, engine="script")
        )

    async def results(self) -> AsyncIterator[Final]:
        """What was understood, until ``finish``."""
        while (result := await self._results.get()) is not None:
            yield result

    def finish(self) -> None:
        """Nothing more will be said."""
        self._results.put_nowait(None)

    async def aclose(self) -> None:
        """Nothing is open."""
