"""Bodies and queries of what units use, closed: an unknown key is refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from gateway.domain.case.note import MOST_CHARS
from gateway.domain.case.picture import Shows
from gateway.edge.field_models import Closed

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Of the reasons that a city knows. Events tell it, so no words of people may stand there."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARS)]


class UnitTasksQuery(Closed):
    """``GET /unit/tasks``."""

    open: bool = Field(True, description="true: what is still to be done, earliest due first; false: the rest.")
    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=100)] | None = None


class UnitActionBody(Closed):
    """What goes with a verb on a task; which of it a verb takes, docs/units.md tells."""

    reason: Code | None = Field(None, description="Code of why: for return, extend and pause.")
    text: Text | None = Field(None, description="Words; for reply always.")
    until: AwareDatetime | None = Field(None, description="Of extend: until when (RFC 3339).")
    solved: bool = Field(True, description="Of reply: whether the matter is settled.")


class UnitNoteBody(Closed):
    """A note to the centre and the other units of the ticket."""

    text: Text


class PictureQuery(Closed):
    """``POST …/pictures``: the body is the picture."""

    shows: Shows = Shows.AFTER
    name: Annotated[str, StringConstraints(max_length=200)] = Field("", description="What its file is called.")
