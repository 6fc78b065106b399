"""What was said in a call: pieces of transcript, each stretch of speech once.

Several may bring the words of a call that is closed: its owner with its caller's last words, a worker that transcribed
the recording, a spool of what an owner could not write, an owner that was out of reach and comes back. None of them
knows the others' numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.domain.limits import SEGMENT_CHARS


@dataclass(slots=True, kw_only=True)
class NewSegment:
    """A piece of transcript; ``seq`` is unique within the interaction, writing one again changes nothing."""

    seq: int
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    language: str | None = None
    confidence: float | None = None
    engine: str | None = None
    corrected_text: str | None = None
    """``text`` with the domain's words put right; a person's correction comes in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A stretch of a closed call's sound that has its words: who spoke, from and to which millisecond."""

    seq: int
    speaker: str
    start_ms: int
    end_ms: int


def kept(segment: NewSegment) -> NewSegment:
    """``segment`` within the caps on its texts."""
    text, corrected = segment.text[:SEGMENT_CHARS], segment.corrected_text
    cut = corrected[:SEGMENT_CHARS] if corrected else corrected
    return segment if (text, cut) == (segment.text, corrected) else replace(segment, text=text, corrected_text=cut)


def new_words(segments: Iterable[NewSegment], there: list[Spoken]) -> list[NewSegment]:
    """What is new of ``segments``; a number that another piece has is drawn anew, behind the last one.

    ``there`` is what the transcript holds, and gets what is new.
    """
    found = []
    for segment in segments:
        if _is_told(segment, there):
            continue
        new = segment
        if any(segment.seq == other.seq for other in there):
            new = replace(segment, seq=max(other.seq for other in there) + 1)
        there.append(Spoken(seq=new.seq, speaker=new.speaker, start_ms=new.start_ms, end_ms=new.end_ms))
        found.append(new)
    return found


def _is_told(segment: NewSegment, there: Iterable[Spoken]) -> bool:
    """Whether it is there, or more than half of its time has words of the same speaker."""
    begin, end = segment.start_ms, segment.end_ms
    same = [other for other in there if other.speaker == segment.speaker]
    if any((other.seq, other.start_ms, other.end_ms) == (segment.seq, begin, end) for other in same):
        return True
    told = sum(max(0, min(end, other.end_ms) - max(begin, other.start_ms)) for other in same)
    return 2 * told > end - begin
