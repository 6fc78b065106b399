"""Pictures, voice messages and files that people sent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from gateway.domain.ids import spelled_no
from gateway.errors import NotFound
from gateway.media.pictures import PICTURES, pixels
from gateway.ports.attachments import Attachments
from gateway.ports.conversation_store import AttachmentRow
from gateway.web.api.media_access import check_media
from gateway.web.api.served_file import send_file
from gateway.web.auth import MEDIA
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

MOST_PIXELS = 64_000_000
"""A larger picture is only downloaded: it unfolds to four bytes a pixel in whoever opens the ticket."""
_PLAYED = ("audio/", "video/")
_UNKNOWN = "application/octet-stream"
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


def shown_as(path: Path, media_type: str) -> tuple[str, str]:
    """(Content-Type, ``inline`` or ``attachment``): inline is what browsers show without running anything.

    All else is only ever downloaded. A picture of more than ``MOST_PIXELS``, or of whom its header does not say how
    many it has, is given as bytes of no type, which no page shows.
    """
    if media_type in PICTURES:
        with path.open("rb") as file:
            found = pixels(file, media_type)
        return (media_type, "inline") if found and found <= MOST_PIXELS else (_UNKNOWN, "attachment")
    if media_type == "text/plain":
        return "text/plain; charset=utf-8", "attachment"
    return media_type, "inline" if media_type.startswith(_PLAYED) else "attachment"


def disposition(kind: str, name: str | None, media_type: str, otherwise: str) -> str:
    """Content-Disposition (RFC 6266): nothing of a sender's file name can break out of it.

    A file without a name is called ``otherwise``, with an ending.
    """
    given = (name or "").replace("\\", "/").rpartition("/")[2].strip(". ")
    given = "".join(c for c in given if c.isprintable())[:150]
    if not given:
        given = f"{otherwise}.{_ENDINGS.get(media_type, 'bin')}"
    plain = _PLAIN.sub("_", given) or otherwise
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(given, safe='')}"


async def get_attachment(context: Context) -> web.StreamResponse:
    """The file with the media type found when it came; 409 while it has not arrived, 410 when it was not kept."""
    services = context.services
    if services.attachments is None or services.files is None:
        raise NotFound("This house keeps no attachments.")
    row = await services.attachments.get(context.request.match_info["attachment"])
    record = await services.reader.ticket(row.ticket_id)
    await check_media(context, record)
    return await send_attachment(context, services.files, row, row.name, spelled_no(record["ticket_no"]))


async def send_attachment(
    context: Context, files: Attachments, row: AttachmentRow, name: str | None, otherwise: str
) -> web.StreamResponse:
    """The file of ``row`` to whom may have it, called ``name``, without one ``otherwise``; ``Problem`` 409 or 410."""
    if row.sha256 is None:
        if row.todo is None:
            raise Problem(410, "attachment_not_kept", f"It was not kept: {row.error or 'unknown'}.")
        raise Problem(409, "attachment_pending", "It has not been fetched yet.", headers={"Retry-After": "5"})
    path = await asyncio.to_thread(files.path, row.location)
    media_type = row.media_type or _UNKNOWN
    content_type, kind = await asyncio.to_thread(shown_as, path, media_type)
    headers = {
        "Content-Type": content_type,
        "Content-Disposition": disposition(kind, name, media_type, otherwise),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return await send_file(
        context,
        path,
        headers,
        etag=f'"{row.sha256}"',
        gone="The file is gone: its retention time is over, or the folder is not there.",
        seen=lambda: context.house.seen.saw(context.principal.actor, "attachment", row.ticket_id),
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/attachments/{attachment}",
        handler=get_attachment,
        summary="A picture, voice message or file that a person sent; of a secret ticket after its reveal",
        scope=MEDIA,
        streaming=True,
        returns="application/octet-stream",
        errors=(401, 403, 404, 409, 410, 416, 429, 503),
        headers=(("Range", "One range of bytes (RFC 9110 14.2)."),),
        tag="tickets",
    ),
)
