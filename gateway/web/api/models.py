"""Bodies and queries of the API, closed: an unknown key is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints, field_validator, model_validator

from gateway.domain.callback_work import AttemptResult, DoneResult
from gateway.domain.fields import By
from gateway.domain.limits import CONTENT_CHARS, SEGMENT_CHARS
from gateway.domain.status import Status
from gateway.domain.words import CallbackState, Line
from gateway.edge.contact import Line200, Word
from gateway.edge.field_models import Closed, made_of

MAX_SEQ = 2**53
Seq = Annotated[int, Field(ge=0, le=MAX_SEQ)]


class TicketListQuery(Closed):
    """``GET /tickets``. Without ``empty`` all tickets come; the desk asks for ``empty=false``."""

    ids: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}(,[0-9A-Z]{26}){0,99}$")] | None = Field(
        None, description="ticket_ids with commas between, up to 100: only these, as far as they fit the other filters."
    )
    since: Seq | None = Field(None, description="Only tickets changed after this event_seq, in order of their change.")
    channel: Word | None = None
    status: Status | None = None
    line: Line | None = None
    empty: bool | None = Field(
        None, description="true: only tickets in which nothing was said; false: only the others."
    )
    text: Line200 | None = Field(
        None,
        description="A ticket number, its serial (#322) or its beginning, a whole phone number, or words of title, "
        "content and address as they are shown masked, each of two characters or more.",
    )
    name: Line200 | None = Field(
        None, description="The requester's whole name; for people at the desk, and written to the audit trail."
    )
    unit: Word | None = Field(None, description="Code of the unit that leads.")
    category: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,20}$")] | None = Field(
        None, description="What the category's code begins with: 01 is everything below 01."
    )
    division: Word | None = Field(None, description="Code of the district or street.")
    created_from: AwareDatetime | None = Field(None, description="Registered at that instant (RFC 3339) or later.")
    created_to: AwareDatetime | None = Field(None, description="Registered before that instant.")
    due_from: AwareDatetime | None = Field(None, description="A unit owes its reply at that instant or later.")
    due_to: AwareDatetime | None = Field(None, description="A unit owes its reply before that instant.")
    limit: int = Field(50, ge=1, le=1000)
    cursor: Annotated[str, StringConstraints(max_length=500)] | None = None
    order: Literal["oldest", "newest"] = "oldest"


class UnmaskedQuery(Closed):
    """Whatever answers with a whole ticket."""

    unmasked: bool = Field(
        False, description="true: names and numbers in full, for people at the desk; written to the audit trail first."
    )


class EventsQuery(Closed):
    """``GET /tickets/{id}/events``."""

    after: Seq = 0
    limit: int = Field(500, ge=1, le=1000)


class StreamQuery(Closed):
    """``GET /stream``. Without ``after`` (and Last-Event-ID) it begins with the next event."""

    after: Seq | None = None


class CallbacksQuery(Closed):
    """``GET /callbacks``."""

    state: CallbackState | Literal["all"] = CallbackState.OPEN
    line: Line | None = None
    due_before: AwareDatetime | None = Field(None, description="Due before that instant (RFC 3339 with an offset).")
    has_phone: bool | None = Field(None, description="false: only those without a number; true: only the others.")
    limit: int = Field(200, ge=1, le=1000)


class RefusedCallsQuery(Closed):
    """``GET /refused-calls``."""

    hours: int = Field(24, ge=1, le=720, description="Only those of which the last call is not longer ago.")
    limit: int = Field(200, ge=1, le=1000)


class AttemptBody(Closed):
    """``POST /callbacks/{id}/actions/attempt``: they were not reached."""

    result: AttemptResult
    reason: Line200 | None = Field(None, description="Free text, kept with the task.")
    due_at: AwareDatetime | None = Field(None, description="When to try again; left out: later each time.")


class DoneBody(Closed):
    """``POST /callbacks/{id}/actions/done``."""

    result: DoneResult
    reason: Line200 | None = Field(None, description="Free text, kept with the task.")
    satisfied: Annotated[int, Field(ge=1, le=5)] | None = Field(
        None,
        description="What they say of the reply that the call was about; a 回访 that reached them needs it, "
        "unless its result is declined: they were asked, and would not say.",
    )


class CancelBody(Closed):
    """``POST /callbacks/{id}/actions/cancel``."""

    reason: Annotated[Line200, StringConstraints(min_length=1)] = Field(
        description="Why no call is owed any more: free text, kept with the task."
    )


class DeadLettersQuery(Closed):
    """``GET /feeds/dead-letters``."""

    feed: Word | None = None
    limit: int = Field(200, ge=1, le=1000)


class ReplayBody(Closed):
    """``POST /feeds/{feed}/actions/replay``: one of ``all``, ``dead``, ``events``, or a range (also of the dead)."""

    all: bool = Field(default=False, description="Everything, from the first event on.")
    dead: bool = Field(default=False, description="Dead letters only; alone, or within the range.")
    since: Annotated[int, Field(ge=1, le=MAX_SEQ)] | None = Field(None, description="From this event_seq on.")
    until: Annotated[int, Field(ge=1, le=MAX_SEQ)] | None = Field(None, description="Up to this event_seq.")
    begin: AwareDatetime | None = Field(None, description="What happened at this time or later.")
    end: AwareDatetime | None = Field(None, description="What happened before this time.")
    events: Annotated[list[Seq], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="These, by event_seq."
    )

    @field_validator("begin", "end")
    @classmethod
    def _has_a_time_in_utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value.astimezone(UTC) if value is not None else None
        except OverflowError:
            raise ValueError("no time between the years 1 and 9999") from None

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        a_range = any(value is not None for value in (self.since, self.until, self.begin, self.end))
        if sum((self.all, self.dead or a_range, self.events is not None)) != 1:
            raise ValueError(
                "say what to send again: all, dead, events, or since, until, begin, end (with or without dead)"
            )
        return self


class SegmentPatch(Closed):
    """A corrected piece of transcript; the recognised text stays beside it."""

    seq: int = Field(ge=0)
    corrected_text: Annotated[str, StringConstraints(max_length=SEGMENT_CHARS)]


class InteractionPatch(Closed):
    """Corrections within one interaction."""

    interaction_id: Word
    transcript: Annotated[list[SegmentPatch], Field(min_length=1, max_length=500)]


SeenText = Annotated[str, StringConstraints(max_length=CONTENT_CHARS)]


class SeenField(Closed):
    """What a field held when somebody saw it; of an object that a code names the code."""

    path: Word
    value: SeenText | bool | float | Annotated[list[SeenText], Field(max_length=20)] | None


Seen = Annotated[
    tuple[SeenField, ...],
    Field(
        max_length=60,
        description="What each corrected field held when you saw it. Then only a change of these fields is a conflict "
        "(409), and If-Match is not needed.",
    ),
]


@made_of("", By.PERSON)
class TicketPatch(Closed):
    """``PATCH /tickets/{id}``: a JSON merge of what may be corrected; null clears a field."""

    interactions: tuple[InteractionPatch, ...] = Field((), max_length=1)
    seen: Seen | None = None


class ConfirmPaths(Closed):
    """These pre-filled fields are right."""

    paths: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(min_length=1, max_length=50)]


class ConfirmBody(ConfirmPaths):
    """``POST /tickets/{id}/actions/confirm``: these pre-filled fields are right."""

    seen: Seen | None = None


class SameRequesterBody(Closed):
    """``POST /tickets/{id}/actions/same_requester``."""

    ticket_id: Word = Field(description="One of the tickets that same-requester lists.")


class WithdrawBody(Closed):
    """``POST /tickets/{id}/actions/withdraw``."""

    reason: Literal["requester_asked", "settled", "by_mistake"] = Field(
        default="requester_asked",
        description="They want nothing more, the matter is settled, or it was told by mistake.",
    )


class LiftSecrecyBody(Closed):
    """``POST /tickets/{id}/actions/lift-secrecy``."""

    reason: Literal["requester_asked", "misunderstood", "law"] = Field(
        description="Who asked or what obliges: the requester, a wish that was misheard or misread, a law."
    )


class MergeBody(Closed):
    """``POST /tickets/{id}/actions/merge``."""

    into: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,40}$")] = Field(
        description="ticket_id or ticket_no of the ticket that stays."
    )


class LoginBody(Closed):
    """``POST /session``."""

    username: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class PasswordBody(Closed):
    """``POST /session/password``."""

    current: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    new: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
