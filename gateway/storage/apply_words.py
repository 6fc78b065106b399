"""Words that come when their call is closed already: each stretch of speech stands in the transcript once.

Several may bring them: the call's owner with its caller's last words, a worker that transcribed the recording, a spool
of what an owner could not write, an owner that was out of reach and comes back. None of them knows the others' numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.storage.batch_state import State
from gateway.storage.prepare import Row


def add_words(interaction_id: str, segments: Sequence[Row], state: State) -> None:
    """Insert what is new of ``segments``; a number that another segment has is drawn anew, behind the last one."""
    there = state.spoken.get(interaction_id)
    for segment in segments:
        if there is not None:
            if _is_told(segment, there):
                continue
            if any(segment["seq"] == other["seq"] for other in there):
                segment["seq"] = max(other["seq"] for other in there) + 1
            there.append(segment)
        state.segments.add((interaction_id, segment["seq"]))
        segment["interaction_id"] = interaction_id
        state.add("segments", segment)


def _is_told(segment: Row, there: Sequence[Row]) -> bool:
    """Whether it is there, or more than half of its time has words of the same speaker."""
    begin, end = segment["start_ms"], segment["end_ms"]
    same = [other for other in there if other["speaker"] == segment["speaker"]]
    if any((other["seq"], other["start_ms"], other["end_ms"]) == (segment["seq"], begin, end) for other in same):
        return True
    told = sum(max(0, min(end, other["end_ms"]) - max(begin, other["start_ms"])) for other in same)
    return bool(2 * told > end - begin)
