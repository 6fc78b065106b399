"""Bodies and queries of the API about cases, closed: an unknown key is refused."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from gateway.casework.case_work import MOST_UNITS
from gateway.domain.case.note import MOST_CHARS
from gateway.domain.case.reasons import ConferWay, WhyArchived, WhyInformed
from gateway.domain.words import Crossing
from gateway.edge.contact import Word
from gateway.edge.field_models import Closed

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Events tell it, so it is a code: words go into ``text``."""
Written = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARS)]
_TEXT = Field(None, description="Words, kept as a note that can be erased; no event tells them.")
_REASON = Field(description="Why, by code: GET …/case offers some, a city may use others.")


class WordsBody(Closed):
    """Verbs that need nothing: words may go with them."""

    text: Written | None = _TEXT


class ReasonBody(Closed):
    """Verbs that need a reason."""

    reason: ReasonCode = _REASON
    text: Written | None = _TEXT


class ConferBody(Closed):
    """``POST /tickets/{id}/actions/confer``: a talk about it with units, as it took place."""

    way: ConferWay
    units: tuple[Word, ...] = Field(min_length=1, max_length=MOST_UNITS, description="With whom.")
    text: Written | None = _TEXT


class DispatchBody(Closed):
    """``POST /tickets/{id}/actions/dispatch``: without ``unit`` the tables in force decide."""

    unit: Word | None = Field(None, description="The unit that the centre chooses.")
    joint: tuple[Word, ...] = Field((), max_length=MOST_UNITS, description="Units that act beside it.")
    reason: ReasonCode | None = Field(None, description="Needed where the unit is not the one that the tables name.")
    text: Written | None = _TEXT
    crossing: Crossing | None = Field(
        None,
        description="The centre states that functions or enforcement cross: decisions go by it, now and later.",
    )

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.unit is None and (self.joint or self.reason or self.text):
            raise ValueError("joint, reason and text belong to a unit that you choose")
        if self.unit in self.joint or len(set(self.joint)) < len(self.joint):
            raise ValueError("each unit is named once")
        return self


class CaseReplyBody(Closed):
    """``POST /tickets/{id}/actions/reply``."""

    text: Written = Field(description="What the requester is told.")


class EvaluateBody(Closed):
    """``POST /tickets/{id}/actions/evaluate``."""

    satisfied: int = Field(ge=1, le=5, strict=True)
    text: Written | None = Field(None, description="What the requester said about it.")
    reply_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{26}$")] | None = Field(
        None, description="Of handling.replies: the reply that is judged; without it the one that was given last."
    )


class ArchiveBody(Closed):
    """``POST /tickets/{id}/actions/archive``."""

    reason: WhyArchived


class InformBody(Closed):
    """``POST /tickets/{id}/actions/inform``."""

    reason: WhyInformed
    text: Written | None = _TEXT


class ReassignBody(Closed):
    """``POST …/tasks/{task}/actions/reassign``."""

    unit: Word = Field(description="The unit that has it from now on.")
    reason: ReasonCode = _REASON
    text: Written | None = _TEXT


class ExtendBody(Closed):
    """``POST …/tasks/{task}/actions/extend``: a unit asks for it, the centre grants it, as the policy says."""

    until: AwareDatetime = Field(description="When the reply is due then.")
    reason: ReasonCode = _REASON
    text: Written | None = _TEXT


class TaskReplyBody(Closed):
    """``POST …/tasks/{task}/actions/reply``."""

    text: Written = Field(description="What the unit did.")
    solved: bool = Field(default=True, description="Whether the matter is settled.")


class TasksQuery(Closed):
    """``GET /tasks``."""

    unit: Word | None = Field(None, description="Code of a unit; without one the tasks of all.")
    open: bool | None = Field(None, description="true: only those of which something is still to be done.")
    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


class OverdueQuery(Closed):
    """``GET /overdue``."""

    unit: Word | None = Field(None, description="Code of a unit; without one those of all, and the centre's.")
    limit: int = Field(100, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


class WaitingQuery(Closed):
    """``GET /waiting``."""

    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


class SuggestionQuery(Closed):
    """``GET /dispatch/suggestion``."""

    ticket: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{1,40}$")] = Field(
        description="ticket_id or ticket_no."
    )
    crossing: Crossing | None = Field(None, description="As if the centre stated this of the units' duties.")
