"""``/api/v1/openapi.json``: OpenAPI 3.1, made from the routes that are served and the models that check bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.web.api import schemas
from gateway.web.auth import CSRF_HEADER
from gateway.web.problems import MEDIA_TYPE as PROBLEM
from gateway.web.routing import Context, Route, json_response

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_PARAMETERS = {
    "ticket": "ticket_id (ULID), or ticket_no: 15 digits with or without the hyphen after the date",
    "callback": "callback_id",
    "interaction": "interaction_id",
    "verb": "What is done: one of those that the summary names",
    "task": "task_id",
    "feed": "Id of a feed",
    "event_seq": "The dead letter's event",
    "attachment": "attachment_id",
    "source": "source.name of the contact",
    "event_id": "source.event_id of the contact",
    "type": "Type of an event",
    "version": "Version of its class",
}


async def get_openapi(context: Context) -> web.Response:
    """The document."""
    return json_response(document(context.served, public_url=context.services.public_url))


def document(routes: Iterable[Route], *, public_url: str) -> dict[str, Any]:
    """OpenAPI 3.1 of ``routes``."""
    routes = tuple(routes)
    bodies = sorted({route.body for route in routes if route.body is not None}, key=lambda model: model.__name__)
    _, definitions = models_json_schema([(model, "validation") for model in bodies], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "12345 intake gateway",
            "version": __version__,
            "description": "Every error is a problem detail (RFC 9457). Times are RFC 3339 UTC. Cursors are event_seq. "
            "Phones, names and numbers are masked outside the scope admin.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/"}],
        "paths": paths,
        "components": {
            "schemas": {**definitions.get("$defs", {}), **schemas.SCHEMAS},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "gateway tokens create"},
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Gateway-Signature",
                    "description": "See POST /api/v1/contacts.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "gateway",
                    "description": f"Desk session; changes need {CSRF_HEADER} too.",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', route.path.lower()).strip('_')}",
        "summary": route.summary,
        "tags": [route.tag],
        "security": _security(route),
        "responses": _responses(route),
    }
    parameters = [
        {"name": name, "in": "path", "required": True, "description": _PARAMETERS[name], "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query(route.query)
    parameters += [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in route.headers
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        schema = {"$ref": _REF.format(model=route.body.__name__)}
        operation["requestBody"] = {
            "required": "{verb}" not in route.path,
            "content": {"application/json": {"schema": schema}},
        }
        if route.files:
            parts = {"contact": schema, "file": {"type": "string", "format": "binary"}}
            whole = {"type": "object", "required": ["contact"], "properties": parts}
            encoding = {"contact": {"contentType": "application/json"}}
            operation["requestBody"]["content"]["multipart/form-data"] = {"schema": whole, "encoding": encoding}
    if route.scope is not None:
        operation["x-scope"] = route.scope
    return operation


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(ref_template=_REF)
    inner = schema.get("$defs", {})
    parameters = []
    for name, prop in schema["properties"].items():
        resolved = _inline(prop, inner)
        description = resolved.pop("description", None)
        required = name in schema.get("required", ())
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": required, "schema": resolved}
        if description:
            parameter["description"] = description
        parameters.append(parameter)
    return parameters


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    """``node`` with its references replaced: query models are not components."""
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].rsplit("/", 1)[1]], definitions)
    return {key: _inline(value, definitions) for key, value in node.items()}


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.public or route.summary.startswith("Log in"):
        return []
    if route.own_auth:
        return [{"bearer": []}, {"signature": []}]
    return [{"bearer": []}, {"session": []}]


def _responses(route: Route) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if "/" in route.returns:
        content = {route.returns: {"schema": {"type": "string"} if route.returns.startswith("text/") else {}}}
    elif route.status != HTTPStatus.NO_CONTENT:
        content = {"application/json": {"schema": {"$ref": _REF.format(model=route.returns)}}}
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if content:
        good["content"] = content
    responses = {str(route.status): good}
    if route.path == "/api/v1/contacts":
        responses["200"] = {**good, "description": "A repeat: this key was accepted before, nothing changed"}
    if route.tag == "recordings":
        responses["206"] = {**good, "description": "The range that was asked for"}
    for status in route.errors:
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM: {"schema": {"$ref": _REF.format(model="Problem")}}},
        }
    return dict(sorted(responses.items()))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/openapi.json",
        handler=get_openapi,
        summary="This document",
        public=True,
        returns="OpenApi",
        tag="operations",
    ),
)
