"""The widget's files, and a page of our own that shows nothing but the chat (for QR codes and links)."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from aiohttp import web

from channels.webchat.answers import Refusal
from channels.webchat.protocol import Language

STATIC = Path(__file__).parent / "static"
LOADER = "widget.js"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ANYWHERE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(), microphone=(self), geolocation=(self)",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """What may be served, by name: (bytes, media type, ETag). Read once: nothing else is reachable."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = (content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found


def asset(request: web.Request, name: str, *, channel_id: str) -> web.Response:
    """A file of the widget, for pages of any site. ``widget.js`` knows whose it is, whatever address it came from."""
    found = files().get(name)
    if found is None or name.endswith(".html"):
        raise Refusal(404, "not_found", "There is nothing at this address.")
    content, media_type, etag = found
    if name == LOADER:
        content = content.replace(b"{{channel}}", channel_id.encode())
        etag = f'{etag[:-1]}-{channel_id}"'
    headers = {**_ANYWHERE, "ETag": etag, "Content-Type": media_type}
    if etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=content, headers=headers)


def reader_language(request: web.Request) -> Language | None:
    """What the address asks for (``?lang=en``), else the browser (RFC 9110 section 12.5.4); None: neither says."""
    wanted = request.query.get("lang") or request.headers.get("Accept-Language")
    if not wanted or wanted.strip().startswith("*"):
        return None
    return "zh" if wanted.strip().lower().startswith("zh") else "en"


def page(request: web.Request, *, channel_id: str, titles: Mapping[Literal["zh-CN", "en"], str]) -> web.Response:
    """The page; its links are relative, so that it works behind any prefix of a proxy."""
    language: Literal["zh-CN", "en"] = "en" if reader_language(request) == "en" else "zh-CN"
    folder = "." if request.path.endswith("/") else request.path.rsplit("/", 1)[-1]
    text = files()["page.html"][0].decode()
    for key, value in {"folder": folder, "channel": channel_id, "title": titles[language], "lang": language}.items():
        text = text.replace(f"{{{{{key}}}}}", html.escape(value))
    return web.Response(text=text, content_type="text/html", headers=_PAGE)
