"""What Open311 clients send: queries and forms, checked; every mistake is a 400 in the standard's form."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.domain.ids import parse_ticket_no
from gateway.domain.limits import LINE_CHARS, LONG_BODY, MASKED_PAGE
from gateway.edge.off_loop import off_loop
from gateway.web.open311.views import STATUSES
from gateway.web.problems import Problem

SPAN = timedelta(days=90)
MOST = 1000
MOST_IDS = 100
_MAX_FIELDS = 300
_MAX_PAGE = 100
"""Numbered pages are counted from the beginning each time; whoever wants more narrows the dates."""
_ATTRIBUTE = re.compile(r"^attribute\[([^\[\]]{1,64})\](?:\[\])?$")
_FORM = "application/x-www-form-urlencoded"
_BOX = 4
_DIGITS = re.compile(r"[0-9]{1,9}")


def bad(detail: str) -> Problem:
    """400, the standard's general service error."""
    return Problem(400, "bad_request", detail)


@dataclass(frozen=True, slots=True)
class RequestForm:
    """Fields and ``attribute[…]`` values of a request. The first of a repeated field counts; blank is absent."""

    fields: Mapping[str, str]
    attributes: tuple[tuple[str, str], ...] = field(default=())

    def text(self, name: str, most: int = LINE_CHARS) -> str | None:
        """A field without surrounding blanks; 400 when longer than ``most``."""
        value = self.fields.get(name, "").strip()
        if len(value) > most:
            raise bad(f"{name} has at most {most} characters.")
        return value or None

    def number(self, name: str, low: float, high: float) -> float | None:
        """A decimal number within bounds."""
        text = self.text(name)
        return None if text is None else _number(name, text, low, high)

    def instant(self, name: str) -> datetime | None:
        """An ISO 8601 time with an offset (W3C note)."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = datetime.fromisoformat(text.replace(" ", "+"))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None or not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise bad(f"{name} is no ISO 8601 time with a time zone, e.g. 2026-11-23T08:00:00+08:00.")
        return found


_FIRST_YEAR, _LAST_YEAR = 1970, 9000


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise bad(f"{name} is a number from {low:g} to {high:g}.")
    return value


def of_query(request: web.Request) -> RequestForm:
    """The query string."""
    return _form(list(request.query.items()))


async def of_body(request: web.Request) -> RequestForm:
    """A urlencoded body, with the query string behind it."""
    if request.content_type != _FORM:
        raise bad(f"Send {_FORM}.")
    try:
        raw = await request.read()
        pairs = await off_loop(len(raw) > LONG_BODY, _pairs, raw)
    except ValueError:
        raise bad("The body is no UTF-8 form with at most 300 fields.") from None
    return _form([*pairs, *request.query.items()])


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    return parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)


def _form(pairs: list[tuple[str, str]]) -> RequestForm:
    fields: dict[str, str] = {}
    attributes: list[tuple[str, str]] = []
    for name, value in pairs:
        if found := _ATTRIBUTE.match(name):
            if value.strip():
                attributes.append((found.group(1), value.strip()))
        else:
            fields.setdefault(name, value)
    return RequestForm(fields, tuple(attributes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search of ``GET requests``."""

    start: datetime
    end: datetime
    statuses: tuple[str, ...]
    codes: tuple[str, ...]
    bbox: tuple[float, float, float, float] | None
    """South, west, north, east."""
    page: int
    page_size: int


def search(form: RequestForm, now: datetime) -> Search:
    """The search that a query describes: at most 90 days, as the standard says, and a page of what is masked."""
    start, end = between(form, now)
    wanted = [word for word in (form.text("status") or "").split(",") if word]
    if unknown := [word for word in wanted if word not in STATUSES]:
        raise bad(f"status is open, closed or both, comma-separated; not {unknown[0]!r}.")
    return Search(
        start=start,
        end=end,
        statuses=tuple(status for word in wanted for status in STATUSES[word]),
        codes=tuple(code.strip() for code in (form.text("service_code", 2000) or "").split(",") if code.strip()),
        bbox=_bbox(form.text("bbox")),
        page=_whole(form, "page", 1, _MAX_PAGE),
        page_size=_whole(form, "page_size", MASKED_PAGE, MASKED_PAGE),
    )


def between(form: RequestForm, now: datetime, span: timedelta = SPAN) -> tuple[datetime, datetime]:
    """``start_date`` and ``end_date``; what is missing follows from the other, or is now."""
    start, end = form.instant("start_date"), form.instant("end_date")
    if end is None:
        end = now if start is None else start + SPAN
    if start is None:
        start = end - span
    if start > end:
        raise bad("start_date lies after end_date.")
    if end - start > SPAN:
        raise bad("start_date and end_date may not span more than 90 days.")
    return start, end


def request_ids(text: str) -> list[str]:
    """Ticket numbers of a comma list."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_IDS:
        raise bad(f"At most {MOST_IDS} service_request_ids at once.")
    return [number for part in dict.fromkeys(parts) if (number := parse_ticket_no(part)) is not None]


def _bbox(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != _BOX:
        raise bad("bbox is west,south,east,north in WGS-84 degrees.")
    west, east = (_number("bbox", parts[n], -180, 180) for n in (0, 2))
    south, north = (_number("bbox", parts[n], -90, 90) for n in (1, 3))
    if west > east or south > north:
        raise bad("bbox is west,south,east,north in WGS-84 degrees.")
    return south, west, north, east


def _whole(form: RequestForm, name: str, default: int, most: int) -> int:
    text = form.text(name)
    if text is None:
        return default
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= most:
        raise bad(f"{name} is a whole number from 1 to {most}.")
    return int(text)
