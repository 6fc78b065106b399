"""``POST /tickets/{ticket}/updates``: a city's own case system says how far it is. It sees nothing of the ticket."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Annotated

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints

from gateway.casework.case_report import TakeCaseReport
from gateway.domain.case.note import MOST_CHARS
from gateway.domain.case.reported import CaseReport, Reported
from gateway.domain.command import Applied
from gateway.domain.ids import new_ulid, rfc3339
from gateway.domain.keys import ExternalKey
from gateway.edge.field_models import Closed
from gateway.web.api.tickets import read
from gateway.web.auth import CASES
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

_KEYS = ":case_system"
"""The place of the keys of updates; no channel can be called so."""
AHEAD = timedelta(minutes=10)
"""So far a case system's clock may be ahead of ours; what is newer would make everything after it old."""


class CaseUpdateBody(Closed):
    """One update. It is known again by ``update_id``, and by being the same in everything else."""

    update_id: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")] | None = Field(
        None, description="The case system's own id of this update."
    )
    status: Reported = Field(description="open: not finished, whatever is done about it.")
    at: AwareDatetime = Field(description="When it became so there (RFC 3339); an older one moves nothing.")
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_CHARS)] | None = Field(
        None, description="For replied: what the requester is told. Else what was done."
    )


async def update(context: Context) -> web.Response:
    """Take in one update; ``result`` says what it came to."""
    body = await context.body(CaseUpdateBody)
    record, now = await read(context), context.services.clock.now()
    if body.at > now + AHEAD:
        raise Problem(422, "ahead_of_time", f"at lies ahead of our clock, which shows {rfc3339(now)}.")
    actor, ticket_id = context.principal.actor, record["ticket_id"]
    applied = await context.services.store.execute(
        TakeCaseReport(
            at=now,
            actor=actor,
            ticket_id=ticket_id,
            report=CaseReport(status=body.status, at=body.at, note_id=new_ulid(), text=body.text),
            keys=_keys(f"{actor} {ticket_id}", body),
        )
    )
    after = await context.services.reader.ticket(ticket_id)
    told = {key: after[key] for key in ("ticket_id", "ticket_no", "status", "version")}
    return json_response({**told, "result": await _result(context, applied)})


async def _result(context: Context, applied: Applied) -> str:
    """What the update came to, by its own event: a newer one may have come since."""
    if applied.replayed or applied.skipped:
        return "repeated" if applied.replayed else "unchanged"
    told = await context.services.reader.events(after=applied.event_seq - 1, ticket_id=applied.ticket_id, limit=1)
    return "late" if told[0]["data"].get("late") else "applied"


def _keys(about: str, body: CaseUpdateBody) -> tuple[ExternalKey, ...]:
    content = _digest(f"{body.status} {rfc3339(body.at)} {body.text or ''}")
    same = ExternalKey(channel_id=_KEYS, external_id=_digest(f"{about} content {content}"))
    if body.update_id is None:
        return (same,)
    return ExternalKey(channel_id=_KEYS, external_id=_digest(f"{about} id {body.update_id}"), body_sha256=content), same


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/tickets/{ticket}/updates",
        handler=update,
        summary="A case system tells how a ticket stands there; a repeat, or an older one, moves nothing",
        scope=CASES,
        body=CaseUpdateBody,
        returns="CaseUpdated",
        errors=(400, 401, 403, 404, 409, 413, 415, 422, 429, 503),
        tag="cases",
    ),
)
