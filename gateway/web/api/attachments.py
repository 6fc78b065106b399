"""Pictures, voice messages and files that people sent."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote

from aiohttp import web

from gateway.errors import NotFound
from gateway.web.api.media_access import check_media
from gateway.web.auth import MEDIA
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "audio/", "video/")
"""What browsers show without running anything; all else is only ever downloaded."""
_CHUNK = 262_144
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "audio/amr": "amr",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
    "text/plain": "txt",
}


def disposition(name: str | None, media_type: str, attachment_id: str) -> str:
    """Content-Disposition (RFC 6266): nothing of a sender's file name can break out of it."""
    kind = "inline" if media_type.startswith(_INLINE) else "attachment"
    given = (name or "").replace("\\", "/").rpartition("/")[2].strip(". ")
    given = "".join(c for c in given if c.isprintable())[:150]
    if not given:
        given = f"{attachment_id}.{_ENDINGS.get(media_type, 'bin')}"
    plain = _PLAIN.sub("_", given) or attachment_id
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(given, safe='')}"


async def get_attachment(context: Context) -> web.StreamResponse:
    """The file, as it was sniffed when it came; 409 while it has not arrived, 410 when it was not kept."""
    services = context.services
    if services.attachments is None or services.files is None:
        raise NotFound("This house keeps no attachments.")
    row = await services.attachments.get(context.request.match_info["attachment"])
    await check_media(context, await services.reader.ticket(row.ticket_id))
    if row.sha256 is None:
        if row.todo is None:
            raise Problem(410, "attachment_not_kept", f"It was not kept: {row.error or 'unknown'}.")
        raise Problem(409, "attachment_pending", "It has not been fetched yet.", headers={"Retry-After": "5"})
    path = await asyncio.to_thread(services.files.path, row.sha256)
    etag = f'"{row.sha256}"'
    media_type = row.media_type or "application/octet-stream"
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8" if media_type == "text/plain" else media_type,
        "Content-Disposition": disposition(row.name, media_type, row.attachment_id),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-cache",
        "ETag": etag,
    }
    if etag in [tag.strip() for tag in context.request.headers.get("If-None-Match", "").split(",")]:
        return web.Response(status=304, headers=headers)
    context.house.seen.saw(context.principal.actor, "attachment", row.ticket_id)
    return web.FileResponse(path, chunk_size=_CHUNK, headers=headers)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/attachments/{attachment}",
        handler=get_attachment,
        summary="A picture, voice message or file that a person sent; of a secret ticket after its reveal",
        scope=MEDIA,
        streaming=True,
        returns="application/octet-stream",
        errors=(401, 403, 404, 409, 410, 429, 503),
        tag="tickets",
    ),
)
