"""How a channel is reached over HTTP: the one part of its port that names the HTTP library."""

from __future__ import annotations

from typing import Protocol

from aiohttp import web


class HttpChannel(Protocol):
    """What a channel offers whose provider or clients come by HTTP: ``/hooks/{channel_id}``, ``/chat/{channel_id}``.

    The web room finds the instance by its id, caps the body, and turns what is raised into a problem document.
    """

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer.

        ``request.match_info["tail"]`` is the path behind the channel's id (may be empty), ``request.remote`` who asks,
        also behind trusted proxies. A channel whose bodies are larger or smaller than usual (64 KB of a hook, 24 MB of
        a chat) has an attribute ``max_body_bytes``. One that serves web clients has ``for_web_clients = True``: it is
        at ``/chat/{channel_id}`` and nowhere else, and looks after its own time limits; all others are at ``/hooks``.
        """
        ...
