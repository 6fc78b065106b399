"""Bodies and queries of what units use, closed: an unknown key is refused."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from gateway.domain.case.picture import Shows
from gateway.edge.field_models import Closed
from gateway.web.api.case_models import Written


class UnitTasksQuery(Closed):
    """``GET /unit/tasks``."""

    open: bool = Field(True, description="true: what is still to be done, earliest due first; false: the rest.")
    limit: int = Field(50, ge=1, le=100)
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None


class UnitNoteBody(Closed):
    """A note to the centre and the other units of the ticket."""

    text: Written


class PictureQuery(Closed):
    """``POST …/pictures``: the body is the picture."""

    shows: Shows = Shows.AFTER
    name: Annotated[str, StringConstraints(max_length=200)] = Field("", description="What its file is called.")
