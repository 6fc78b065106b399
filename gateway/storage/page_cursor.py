"""Cursors of lists that are in the order of a time and an id: they name the row behind which a page begins."""

from __future__ import annotations

import re

from gateway.errors import RejectedInput

_CURSOR = re.compile(r"([0-9TZ:.+-]{0,40})\|([\w:-]{1,80})")


def cursor_behind(at: str | None, key: str) -> str:
    """The cursor of the page behind this row."""
    return f"{at or ''}|{key}"


def row_before(cursor: str) -> tuple[str, str]:
    """The time ("" for none) and the id of the row before the page; ``RejectedInput``: it is no cursor of ours."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise RejectedInput("this cursor is not one of this list; leave it out to begin anew")
    return found[1], found[2]
