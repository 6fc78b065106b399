"""Events of one interaction: a call or a written conversation, its transcript."""

from __future__ import annotations

from gateway.domain.events.base import Event, event, or_null


@event("interaction.started", zh="来电进入", en="Call came in")
class InteractionStarted(Event):
    """A call was offered, or a conversation began. ``previous``: the person's interaction before it."""

    flow: str
    previous: str | None = or_null()


@event("interaction.answered", zh="接通", en="Answered")
class InteractionAnswered(Event):
    """The caller has acknowledged our answer."""

    after_ms: int


@event("interaction.line_chosen", zh="选择专线", en="Line chosen")
class LineChosen(Event):
    """The caller chose a line."""

    line: str


@event("interaction.ended", zh="通话结束", en="Call ended")
class InteractionEnded(Event):
    """It is over.

    ``recovered``: closed in place of an owner that was gone; ``idle``: nobody wrote any more; ``left``: its person
    went on about another matter; ``media``: whether audio ran.
    """

    disposition: str
    recovered: bool = False
    idle: bool = False
    left: bool = False
    media: bool | None = None


@event("transcript.segment", zh="听到一段话", en="Words heard")
class SegmentHeard(Event):
    """The requester said something."""

    seq: int
    language: str | None


@event("transcript.completed", zh="转写完成", en="Transcript complete")
class TranscriptCompleted(Event):
    """Everything said is in the transcript. ``caught_up``: from the recording, ``late_s`` seconds after the end."""

    segments: int
    not_understood: bool | None = None
    caught_up: bool = False
    late_s: float | None = None
