"""Discovery, the list of services, and a service's definition."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.web.open311.handlers import Call
from gateway.web.reportable import unknown_service

CHANGESET = "2026-11-23T00:00:00Z"
"""When this interface changed last."""
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"


async def discovery(call: Call) -> web.Response:
    """Where the endpoints are (Open311 Service Discovery)."""
    services = call.context.services
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{services.public_url}/open311/v2",
        "changeset": CHANGESET,
        "type": "production",
        "formats": ["text/xml", "application/json"],
    }
    data = {
        "changeset": CHANGESET,
        "contact": call.city.contact,
        "key_service": f"An api_key is a token of the gateway with the scope contacts:write. {call.city.contact}",
        "endpoints": [endpoint],
    }
    return call.answer("discovery", data)


async def services(call: Call) -> web.Response:
    """Every service."""
    listed = [
        {
            "service_code": service.code,
            "service_name": service.name,
            "description": service.description,
            "metadata": False,
            "type": "realtime",
            "keywords": service.keywords,
            "group": service.group,
        }
        for service in call.city.services
    ]
    return call.answer("services", listed)


async def definition(call: Call) -> web.Response:
    """A service's attributes: ours have none, the description says it all."""
    code = call.context.request.match_info["code"]
    if code not in call.city.by_code:
        raise unknown_service(code, call.city)
    attributes: list[dict[str, Any]] = []
    return call.answer("service_definition", {"service_code": code, "attributes": attributes})
