"""``/hooks/{channel_id}`` and ``/chat/{channel_id}``: routes of providers and web clients to running channels."""

from __future__ import annotations

from aiohttp import web

from gateway.ports.channel import Entrance
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

_TARGET = "{channel_id:[a-z][a-z0-9_-]*}{tail:(?:/.*)?}"


async def hook(context: Context) -> web.StreamResponse:
    """A provider's delivery."""
    return await _to_channel(context, Entrance.HOOKS)


async def chat(context: Context) -> web.StreamResponse:
    """A web client's request."""
    return await _to_channel(context, Entrance.CHAT)


async def widget(context: Context) -> web.StreamResponse:
    """The one script of a web chat, at an address that needs no channel's id."""
    return await _to_channel(context, Entrance.CHAT, context.services.widget_channel)


async def _to_channel(context: Context, entrance: Entrance, channel_id: str | None = None) -> web.StreamResponse:
    """Hand the request to the instance that runs under this id; its ``remote`` is who asks, also behind proxies.

    Providers and web clients have an entrance each: at the other's a channel is not there.
    """
    request = context.request
    running = context.services.channels
    wanted = channel_id or request.match_info.get("channel_id", "")
    entry = running.http(wanted) if running is not None else None
    if entry is None and running is not None and running.expects(wanted):
        # Starting, or starting again: a provider that is told 404 may never come back with this delivery.
        raise Problem(503, "channel_starting", "This channel is starting; try again.", headers={"Retry-After": "1"})
    if entry is None or entry.access.entrance is not entrance:
        raise Problem(404, "unknown_channel", "No running channel has this id, or it is not reached here.")
    cap = entry.access.body_bytes
    if (request.content_length or 0) > cap:
        raise Problem(
            413, "body_too_large", f"This channel takes at most {cap} bytes.", headers={"Connection": "close"}
        )
    return await entry.channel.handle(request.clone(client_max_size=cap, remote=context.house.proxies.client(request)))


ROUTES = (
    Route(
        method="GET",
        path="/static/{tail:widget\\.js}",
        handler=widget,
        summary="The web chat's script",
        public=True,
        quiet=True,
        tag="channels",
    ),
    Route(
        method="*",
        path=f"/hooks/{_TARGET}",
        handler=hook,
        summary="A provider's delivery",
        public=True,
        tag="channels",
    ),
    Route(
        method="*",
        path=f"/chat/{_TARGET}",
        handler=chat,
        summary="Web clients of a channel",
        public=True,
        streaming=True,
        tag="channels",
    ),
)
