"""Server side of ``speech_reader``; a module of its own, so that a voice process does not load pre-fill."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gateway.domain.ids import from_rfc3339
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Speaker
from gateway.interprocess.connection import Body, Handler
from gateway.prefill.reader import PrefillReader
from gateway.prefill.said import understand


def handler(prefill: PrefillReader) -> Handler:
    """What answers ``VERB``: on this process's loop, since reading is all that it does."""

    async def read(question: Body) -> Body:
        said = [_segment(words) for words in question["said"]]
        new = int(question["new"])
        understood = understand(prefill, said, from_rfc3339(question["at"]), new=new)
        return {
            "corrected": [segment.corrected_text for segment in understood.said[len(said) - new :]],
            "guesses": [asdict(guess) for guess in understood.reading.guesses],
            "mentions": [asdict(mention) for mention in understood.reading.mentions],
        }

    return read


def _segment(words: list[Any]) -> NewSegment:
    text, corrected_text, language, confidence = words
    return NewSegment(
        seq=0,
        speaker=Speaker.REQUESTER,
        start_ms=0,
        end_ms=0,
        text=text,
        corrected_text=corrected_text,
        language=language,
        confidence=confidence,
    )
