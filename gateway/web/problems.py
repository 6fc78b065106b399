"""Problem details (RFC 9457): the format of every error; they disclose no internals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from gateway.errors import Conflict, GatewayError, NotFound, RejectedInput, StaleVersion, StoreUnavailable

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
_STATUS: tuple[tuple[type[GatewayError], int], ...] = (
    (StaleVersion, 412),
    (Conflict, 409),
    (NotFound, 404),
    (RejectedInput, 422),
    (StoreUnavailable, 503),
)


class Problem(Exception):
    """Answer this request with an error. ``detail`` is for a person and holds no personal data."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)

    def response(self) -> web.Response:
        """This problem as a response."""
        body: dict[str, Any] = {
            "type": f"urn:gateway:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors
        return web.Response(
            status=self.status,
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type=MEDIA_TYPE,
            headers=self.headers,
        )


def from_gateway_error(error: GatewayError) -> Problem:
    """What an error of ours means to a client."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, StoreUnavailable) else {}
            return Problem(status, error.code, str(error) or HTTPStatus(status).phrase, headers=headers)
    return Problem(500, "internal_error", "Something went wrong on our side; it has been logged.")


def from_validation(error: ValidationError, *, status: int = 422, code: str = "invalid_body") -> Problem:
    """The mistakes in a body or query at once (the first ``MOST_ERRORS``), by path; no offending value is echoed."""
    told = error.errors(include_url=False, include_context=False, include_input=False)[:MOST_ERRORS]
    errors = [{"path": ".".join(str(part) for part in item["loc"]), "message": item["msg"]} for item in told]
    first = errors[0]
    where = f"{first['path']}: " if first["path"] else ""
    return Problem(status, code, f"{where}{first['message']}", errors=errors)


def from_http(error: web.HTTPException) -> Problem:
    """What aiohttp itself refuses (no such route, wrong method, body too large)."""
    match error.status:
        case 404:
            return Problem(404, "not_found", "There is nothing at this address.")
        case 405:
            allow = error.headers.get("Allow", "")
            return Problem(405, "method_not_allowed", f"This address allows {allow}.", headers={"Allow": allow})
        case 413:
            return Problem(413, "body_too_large", "The body is larger than this service takes.")
        case status if 400 <= status < 500:  # noqa: PLR2004 - the class of client errors
            return Problem(status, "bad_request", HTTPStatus(status).phrase)
        case _:
            return Problem(500, "internal_error", "Something went wrong on our side; it has been logged.")
