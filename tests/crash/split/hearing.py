"""A recogniser process that hears a sentence in every two seconds of any sound: ``python -m ... PORT TOKEN``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from gateway.ports.recogniser import Recognised
from gateway.recognition.server import RecognitionServer

SENTENCE_MS = 2000


class Sentences:
    """An engine's stream."""

    speech_ms = None

    def __init__(self, rate: int) -> None:
        self._rate, self._bytes, self._said = rate, 0, 0

    def accept(self, pcm: bytes) -> list[Recognised]:
        self._bytes += len(pcm)
        heard = []
        while (self._said + 1) * SENTENCE_MS <= self._bytes * 500 // self._rate:
            heard.append(self._sentence((self._said + 1) * SENTENCE_MS))
        return heard

    def partial(self) -> str:
        return ""

    def finish(self) -> list[Recognised]:
        return []

    def _sentence(self, end_ms: int) -> Recognised:
        self._said += 1
        return Recognised(start_ms=end_ms - SENTENCE_MS, end_ms=end_ms, text="路灯坏了", language="zh")


class Engine:
    """Needs no model."""

    name = "sentences"

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> Sentences:
        return Sentences(rate)


async def serve(port: int, token: str) -> None:
    await RecognitionServer(Engine(), languages=("zh",), token=token).start(port=port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
