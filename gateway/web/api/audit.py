"""``GET /api/v1/audit``: who saw or did what."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints

from gateway.domain.ids import parse_ticket_no
from gateway.edge.contact import Word
from gateway.edge.field_models import Closed
from gateway.web.auth import ADMIN
from gateway.web.routing import Context, Route, json_response

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class AuditQuery(Closed):
    """``GET /audit``."""

    ticket_id: Word | None = Field(None, description="ticket_id, or ticket_no.")
    viewer: Name | None = Field(None, description="user:NAME or token:NAME; a bare name is a user's.")
    what: Name | None = Field(None, description="Only this: record, reveal, login, login.failed, token.created …")
    before: Word | None = Field(None, description="next_before of the page before.")
    limit: int = Field(200, ge=1, le=1000)


async def list_audit(context: Context) -> web.Response:
    """The trail, newest first. What has been seen within the last second may still be on its way into it."""
    query = context.query(AuditQuery)
    await context.house.seen.flush()
    named = query.ticket_id
    if named is not None and (number := parse_ticket_no(named)) is not None:
        named = (await context.services.reader.ticket(number))["ticket_id"]
    viewer = query.viewer
    if viewer is not None and ":" not in viewer:
        viewer = f"user:{viewer}"
    rows = await context.services.audit.read(
        actor=viewer,
        action=query.what,
        ticket_id=named.upper() if named else None,
        before=query.before,
        limit=query.limit,
    )
    items = [
        {
            "viewer": row["actor"],
            "what": row["action"],
            "ticket_id": row["ticket_id"],
            "at": row["at"],
            "detail": row["detail"],
        }
        for row in rows
    ]
    return json_response({"items": items, "next_before": rows[-1]["audit_id"] if len(rows) == query.limit else None})


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/audit",
        handler=list_audit,
        summary="Who saw or did what: record, list, reveal, recording, attachment, export, log-ins and accounts",
        scope=ADMIN,
        query=AuditQuery,
        returns="AuditPage",
        errors=(400, 401, 403, 404, 429, 503),
        tag="operations",
    ),
)
