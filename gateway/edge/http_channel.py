"""How a channel is reached over HTTP: the one part of its port that names the HTTP library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from gateway.ports.channel import HttpAccess


class HttpChannel(Protocol):
    """What a channel offers whose provider or clients come by HTTP: ``SPEC.http`` says at which entrance.

    The web room finds the instance by its id, caps the body, and turns what is raised into a problem document.
    """

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer.

        ``request.match_info["tail"]`` is the path behind the channel's id (may be empty), ``request.remote`` who asks,
        also behind trusted proxies.
        """
        ...


@dataclass(frozen=True, slots=True)
class HttpEntry:
    """A running instance, and how it is reached."""

    channel: HttpChannel
    access: HttpAccess


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer with a problem document (RFC 9457), which discloses nothing of ours."""
    return web.json_response(
        {"type": "about:blank", "status": status, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )
