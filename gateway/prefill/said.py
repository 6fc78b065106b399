"""The content of a call: its segments corrected, joined and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gateway.domain.guess import Guess
from gateway.domain.intents import ONLY_THERE, intent_of
from gateway.domain.limits import CONTENT_CHARS, content_of, said_in
from gateway.domain.transcript import NewSegment
from gateway.ports.speech import Understood
from gateway.prefill.hearing import Correction, differences, less_sure
from gateway.prefill.reader import PrefillReader


def understand(prefill: PrefillReader, said: Sequence[NewSegment], at: datetime, *, new: int) -> Understood:
    """``said`` with its last ``new`` segments put right, and what ``demand.content`` joined from all of it fills.

    A content that is full ends with a mark; the transcript has the rest.
    """
    known = len(said) - new
    segments = (*said[:known], *(_put_right(prefill, segment) for segment in said[known:]))
    joined, corrections, sure = _join(segments)
    content = content_of(joined)
    whole = Guess(
        path="demand.content",
        value=content,
        source="asr",
        span=(0, said_in(content)),
        confidence=round(max(0.5, sum(sure) / len(sure)), 2) if sure else 0.5,
    )
    reading = prefill.read(content, at=at)
    read = replace(reading, guesses=(whole, *less_sure(reading.guesses, corrections)))
    return Understood(said=segments, reading=read)


def _put_right(prefill: PrefillReader, segment: NewSegment) -> NewSegment:
    if segment.language == "en" or segment.corrected_text is not None:
        return segment
    return replace(segment, corrected_text=prefill.hearing.corrected(segment.text))


def _join(said: Sequence[NewSegment]) -> tuple[str, list[Correction], list[float]]:
    content = ""
    corrections: list[Correction] = []
    sure: list[float] = []
    for segment in said:
        separator = " " if segment.language == "en" and content else "，" if content and content[-1].isalnum() else ""
        text = (segment.corrected_text or segment.text).strip()
        if len(content) > CONTENT_CHARS:
            break
        if intent_of(text) in ONLY_THERE:  # it stays in the transcript
            continue
        content += separator
        corrections += differences(segment.text.strip(), text, at=len(content))
        content += text
        if segment.confidence is not None:
            sure.append(segment.confidence)
    return content, corrections, sure
