"""``/api/v1/events/schemas/{type}/{version}``: JSON Schema of what a feed sends as the ``data`` of a CloudEvent."""

from __future__ import annotations

from aiohttp import web

from gateway.domain.events import REGISTRY, Event
from gateway.edge.dataschema import PATH, dataschema
from gateway.web.api.event_schema import data_schema
from gateway.web.api.record_schema import Schema
from gateway.web.api.schemas import EVENT
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

MEDIA_TYPE = "application/schema+json"
_CACHE = {"Cache-Control": "public, max-age=86400"}


async def get_schema(context: Context) -> web.Response:
    """The schema of this version; the same for everybody."""
    asked = context.request.match_info
    kind = REGISTRY.get(asked["type"])
    if kind is None or asked["version"] != str(kind.VERSION):
        raise Problem(404, "not_found", "No event has this type and version; docs/events.md lists them.")
    return json_response(document(kind, context.services.public_url), headers=_CACHE, content_type=MEDIA_TYPE)


def document(kind: type[Event], public_url: str = "") -> Schema:
    """JSON Schema (draft 2020-12), complete in itself. Without a public address it has no ``$id``."""
    properties = EVENT["properties"] | {"type": {"const": kind.TYPE}, "data": data_schema(kind)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **({"$id": dataschema(public_url, kind)} if public_url else {}),
        "title": f"{kind.TYPE}, version {kind.VERSION}: {kind.EN} ({kind.ZH})",
        "type": "object",
        "properties": {
            "event": {"type": "object", "properties": properties, "required": EVENT["required"]},
            "ticket": {
                "type": "object",
                "description": "The record when this was sent: Ticket in /api/v1/openapi.json.",
            },
            "truncated": {
                "type": "boolean",
                "description": "The record was too long, and is sent without transcripts and messages.",
            },
        },
        "required": ["event", "ticket"],
    }


ROUTES = (
    Route(
        method="GET",
        path=PATH,
        handler=get_schema,
        summary="JSON Schema of the data of a feed's CloudEvents of this type and version (their dataschema)",
        public=True,
        returns=MEDIA_TYPE,
        errors=(404,),
        tag="feeds",
    ),
)
