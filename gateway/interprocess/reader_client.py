"""Client of the reader process, which reads callers' words into fields; ``reader_service`` is its server side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain.guess import Guess, Mention, Reading
from gateway.domain.ids import rfc3339
from gateway.domain.transcript import NewSegment
from gateway.errors import PeerDown, ReaderUnavailable
from gateway.interprocess.connection import Peer
from gateway.ports.speech import Understood
from gateway.telemetry import log

READER = "reader"
"""The name of the reader process and of its socket."""
VERB = "read"
ANSWER_S = 1.0
"""How long a call's next sentence waits for its reading; the longest content takes some 0.15 s of CPU."""
DOWN_S = 2.0
"""After a failure the reader is not asked for this long (seconds)."""
_log = log.get("speech_reader")


class RemoteReader:
    """Implements ``ports.speech.SpeechReader`` by asking the process that answers ``VERB``."""

    def __init__(self, peer: Peer) -> None:
        """Nothing is asked yet."""
        self._peer = peer
        self._down_until = 0.0

    async def read(self, said: Sequence[NewSegment], at: datetime, *, new: int) -> Understood:
        """See ``SpeechReader.read``."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._down_until:
            raise ReaderUnavailable("the reader did not answer a moment ago")
        question = {"said": [_words(segment) for segment in said], "at": rfc3339(at), "new": new}
        try:
            answer = await self._peer.ask(VERB, question, timeout_s=ANSWER_S)
        except PeerDown as error:
            self._down_until = loop.time() + DOWN_S
            _log.warning("reader_down", why=str(error), exc_info=error)
            raise ReaderUnavailable(str(error)) from None
        known = len(said) - new
        put_right = zip(said[known:], answer["corrected"], strict=True)
        corrected = (replace(segment, corrected_text=text) for segment, text in put_right)
        return Understood(said=(*said[:known], *corrected), reading=_reading(answer))


def _words(segment: NewSegment) -> list[Any]:
    """The parts of a segment that are read: few, since all segments of a call are sent with each new one."""
    return [segment.text, segment.corrected_text, segment.language, segment.confidence]


def _reading(answer: dict[str, Any]) -> Reading:
    return Reading(tuple(map(_guess, answer["guesses"])), tuple(map(_mention, answer["mentions"])))


def _guess(found: dict[str, Any]) -> Guess:
    candidates = tuple((code, confidence) for code, confidence in found["candidates"])
    return Guess(**{**found, "span": _span(found["span"]), "candidates": candidates})


def _mention(found: dict[str, Any]) -> Mention:
    start, end = found["span"]
    return Mention(**{**found, "span": (start, end)})


def _span(found: list[int] | None) -> tuple[int, int] | None:
    return (found[0], found[1]) if found is not None else None
