"""``/api/v1/fields``: what a form asks for; ``/taxonomy``, ``/units``, ``/divisions``: what it may choose from."""

from __future__ import annotations

from aiohttp import web

from gateway.web.auth import READ
from gateway.web.catalogue import Table, units_in_force
from gateway.web.routing import Context, Handler, Route
from gateway.web.services import WebServices


def _answering(name: str) -> Handler:
    async def answer(context: Context) -> web.Response:
        table: Table = getattr(context.services.catalogue, name) if name != "units" else _units(context.services)
        headers = {"ETag": table.etag, "Cache-Control": "private, max-age=300"}
        if table.etag in [tag.strip() for tag in context.request.headers.get("If-None-Match", "").split(",")]:
            return web.Response(status=304, headers=headers)
        return web.Response(body=table.body, content_type="application/json", headers=headers)

    return answer


def _units(services: WebServices) -> Table:
    """Those of the directory in force; where none was imported, of the installation's file."""
    cases = services.cases
    if cases is None or not cases.dispatcher.directory.units:
        return services.catalogue.units
    return units_in_force(cases.dispatcher.directory, cases.dispatcher.directory_name)


_TABLES = (
    ("fields", "Fields of the record: their names and words in both languages, and how a form asks for them", "Fields"),
    ("taxonomy", "Categories, parents before children", "Taxonomy"),
    ("units", "Units that handle demands", "Units"),
    ("divisions", "Districts, streets and communities", "Divisions"),
)
ROUTES = tuple(
    Route(
        method="GET",
        path=f"/api/v1/{name}",
        handler=_answering(name),
        summary=f"{summary}; ETag",
        scope=READ,
        returns=schema,
        errors=(401, 403, 429),
        tag="catalogue",
    )
    for name, summary, schema in _TABLES
)
