"""``/desk/`` and ``/unit/``: the pages, their modules, styles and words, as they lie in ``static``; no build step."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from aiohttp import web

from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """What may be served, by path below ``static``: (bytes, media type, ETag). Read once: nothing else is reachable."""
    found = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file() and path.suffix in _TYPES:
            content = path.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[path.relative_to(STATIC).as_posix()] = (content, _TYPES[path.suffix], etag)
    return found


async def page(context: Context) -> web.Response:
    """A file of the desk or of the unit's pages; without a name the page itself, which routes by what follows ``#``."""
    room = context.request.path.split("/")[1]
    found = files().get(f"{room}/{context.request.match_info.get('name') or 'index.html'}")
    if found is None:
        raise Problem(404, "not_found", "There is nothing at this address.")
    content, media_type, etag = found
    headers = {"ETag": etag, "Cache-Control": "no-cache", "Content-Type": media_type}
    if etag in [tag.strip() for tag in context.request.headers.get("If-None-Match", "").split(",")]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, headers=headers)


async def to_desk(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """The desk's address with its slash, so that relative links hold."""
    return web.Response(status=308, headers={"Location": "/desk/"})


async def to_unit(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """The same of the unit's pages."""
    return web.Response(status=308, headers={"Location": "/unit/"})


ROUTES = (
    Route(method="GET", path="/", handler=to_desk, summary="To the desk", public=True, quiet=True),
    Route(method="GET", path="/desk", handler=to_desk, summary="To the desk", public=True, quiet=True),
    Route(method="GET", path="/desk/", handler=page, summary="The desk", public=True, quiet=True),
    Route(method="GET", path="/desk/{name:.+}", handler=page, summary="A file of the desk", public=True, quiet=True),
    Route(method="GET", path="/unit", handler=to_unit, summary="To the unit's pages", public=True, quiet=True),
    Route(method="GET", path="/unit/", handler=page, summary="The unit's pages", public=True, quiet=True),
    Route(method="GET", path="/unit/{name:.+}", handler=page, summary="A file of them", public=True, quiet=True),
)
