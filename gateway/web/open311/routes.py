"""The table of Open311 routes."""

from __future__ import annotations

from gateway.web.open311 import catalogue, requests, updates
from gateway.web.open311.handlers import route, serving, unknown
from gateway.web.open311.parameters import of_body
from gateway.web.routing import Route

_V2 = "v2/"
ROUTES = (
    route("GET", "discovery", catalogue.discovery, "Service discovery"),
    route("GET", _V2 + "discovery", catalogue.discovery, "Service discovery"),
    route("GET", _V2 + "services", catalogue.services, "Services"),
    route("GET", _V2 + "services/{code}", catalogue.definition, "A service's definition"),
    route("GET", _V2 + "requests", requests.find, "Service requests by number, time, status, service or box"),
    route("POST", _V2 + "requests", requests.create, "Report something", read_form=of_body),
    route("GET", _V2 + "requests/{ids}", requests.read, "Service requests by number"),
    route("GET", _V2 + "tokens/{token}", requests.token, "The number that belongs to a token"),
    route("GET", _V2 + "servicerequestupdates", updates.find, "What happened to service requests"),
    route("POST", _V2 + "servicerequestupdates", updates.create, "Add to a service request", read_form=of_body),
    Route(
        method="*",
        path="/open311/{tail:.*}",
        handler=serving(unknown),
        summary="Everything else",
        own_auth=True,
        tag="open311",
    ),
)
