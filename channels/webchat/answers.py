"""What we answer over HTTP: JSON and problem details (RFC 9457), readable from the sites that embed the widget."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from gateway.ports.message import ChannelHealth

_NO_STORE = {"Cache-Control": "no-store"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "7200",
}


class Refusal(Exception):
    """Answer this request, or this frame, with an error. ``code`` is what the widget finds its words by."""

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def wait_s(self) -> int | None:
        """Whole seconds to wait before trying again, at least one; None when trying again is of no use."""
        return None if self.retry_after_s is None else max(1, round(self.retry_after_s))


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def dumps(value: Mapping[str, Any]) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


def answer(value: Mapping[str, Any], *, status: int = 200) -> web.Response:
    """``value`` as JSON."""
    return web.Response(
        status=status, body=dumps(value).encode(), content_type="application/json", headers=dict(_NO_STORE)
    )


def problem(refusal: Refusal) -> web.Response:
    """``refusal`` as a problem document."""
    body: dict[str, Any] = {
        "type": f"urn:gateway:problem:{refusal.code}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    headers = dict(_NO_STORE)
    if refusal.wait_s is not None:
        headers["Retry-After"] = str(refusal.wait_s)
        body["retry_after_s"] = refusal.wait_s
    return web.Response(
        status=refusal.status,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/problem+json",
        headers=headers,
    )


_COUNTED = {
    "malformed": "malformed",
    "rejected": "malformed",
    "too_many": "rate",
    "too_many_connections": "rate",
    "origin_refused": "bad_signature",
    "session_over": "bad_signature",
    "proof_wrong": "bad_signature",
    "proof_spent": "replay",
}


def count(health: ChannelHealth, refusal: Refusal) -> None:
    """Let operations see what was refused, by the few reasons that the port knows."""
    if refusal.code in _COUNTED:
        health.refused(_COUNTED[refusal.code])


class Origins:
    """Which sites may use us from a browser (Fetch standard, CORS protocol)."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        """Empty: every site."""
        self._allowed = frozenset(allowed)

    def check(self, request: web.Request) -> None:
        """A 403 for a page of a site that is not allowed. What is no browser sends no Origin; limits hold it, too."""
        origin = request.headers.get("Origin")
        if origin is None or not self._allowed or origin.lower() in self._allowed:
            return
        if urlsplit(origin).netloc.lower() == request.host.lower():
            return
        raise Refusal(403, "origin_refused", "This site may not use this chat; its operator can allow it.")

    @staticmethod
    def headers(request: web.Request) -> dict[str, str]:
        """What lets the asking page read our answer, refusals included."""
        origin = request.headers.get("Origin")
        if origin is None:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "Retry-After",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Origin",
        }

    def preflight(self, request: web.Request) -> web.Response:
        """The answer to OPTIONS."""
        self.check(request)
        return web.Response(status=204, headers=_PREFLIGHT)
