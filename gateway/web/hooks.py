"""``/hooks/{channel_id}`` and ``/chat/{channel_id}``: routes of providers and web clients to running channels."""

from __future__ import annotations

from aiohttp import web

from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

HOOK_BYTES = 65_536
CHAT_BYTES = 24 * 1024 * 1024
"""The largest bodies; a channel that takes another size says so in its ``max_body_bytes``. Web clients upload files,
and their channel sets finer limits of its own."""
_TARGET = "{channel_id:[a-z][a-z0-9_-]*}{tail:(?:/.*)?}"


async def hook(context: Context) -> web.StreamResponse:
    """A provider's delivery."""
    return await _to_channel(context, HOOK_BYTES, web_clients=False)


async def chat(context: Context) -> web.StreamResponse:
    """A web client's request."""
    return await _to_channel(context, CHAT_BYTES, web_clients=True)


async def widget(context: Context) -> web.StreamResponse:
    """The one script of a web chat, at an address that needs no channel's id."""
    return await _to_channel(context, HOOK_BYTES, context.services.widget_channel, web_clients=True)


async def _to_channel(
    context: Context, usual: int, channel_id: str | None = None, *, web_clients: bool
) -> web.StreamResponse:
    """Hand the request to the instance that runs under this id; its ``remote`` is who asks, also behind proxies.

    Providers and web clients have an entrance each: at the other's a channel is not there.
    """
    request = context.request
    running = context.services.channels
    wanted = channel_id or request.match_info.get("channel_id", "")
    channel = running.http(wanted) if running is not None else None
    if channel is None and running is not None and running.expects(wanted):
        # Starting, or starting again: a provider that is told 404 may never come back with this delivery.
        raise Problem(503, "channel_starting", "This channel is starting; try again.", headers={"Retry-After": "1"})
    if channel is None or getattr(channel, "for_web_clients", False) is not web_clients:
        raise Problem(404, "unknown_channel", "No running channel has this id, or it is not reached here.")
    cap = int(getattr(channel, "max_body_bytes", usual))
    if (request.content_length or 0) > cap:
        raise Problem(
            413, "body_too_large", f"This channel takes at most {cap} bytes.", headers={"Connection": "close"}
        )
    return await channel.handle(request.clone(client_max_size=cap, remote=context.house.proxies.client(request)))


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
