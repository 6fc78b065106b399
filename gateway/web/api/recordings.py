"""Call audio with Range (RFC 9110 14), also of a call still under way."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from gateway.errors import NotFound
from gateway.web.api.media_access import check_media
from gateway.web.api.tickets import read
from gateway.web.auth import MEDIA
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route

MEDIA_TYPE = "audio/x-wav"
_CHUNK = 65_536
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


def parse_range(header: str | None, size: int) -> Span | None:
    """The span that a Range header asks of ``size`` bytes; None: send everything; 416 when there is nothing there.

    Several ranges at once and what we do not understand are answered with everything, as RFC 9110 14.2 allows.
    """
    found = _RANGE.match(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        span = Span(max(0, size - int(last)), size - 1)
    else:
        span = Span(int(first), min(int(last) if last else size - 1, size - 1))
        if last and int(last) < int(first):
            return None
    if size == 0 or span.first >= size or span.length <= 0:
        raise Problem(
            416, "range_not_satisfiable", f"There are {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )
    return span


async def get_recording(context: Context) -> web.StreamResponse:
    """The stereo WAV of an interaction: left the caller, right our side."""
    record = await read(context)
    await check_media(context, record)
    interaction_id = context.request.match_info["interaction"]
    interaction = next((i for i in record["interactions"] if i["interaction_id"] == interaction_id), None)
    location = await context.services.reader.recording_path(interaction_id) if interaction else None
    if interaction is None or location is None:
        raise NotFound("This interaction has no recording.")
    path = context.services.recordings.path(location)
    sha256 = (interaction["recording"] or {}).get("sha256") if interaction["ended_at"] else None
    return await _send(context, path, f'"{sha256}"' if sha256 else None, record["ticket_id"])


async def _send(context: Context, path: Path, etag: str | None, ticket_id: str) -> web.StreamResponse:
    request = context.request
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": MEDIA_TYPE,
        "Cache-Control": "private, no-cache" if etag else "no-store",
        "Content-Disposition": f'inline; filename="{path.name}"',
    }
    if etag:
        headers["ETag"] = etag
        if etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
            return web.Response(status=304, headers=headers)
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except OSError:
        raise NotFound("The recording is gone: its retention time is over, or the folder is not there.") from None
    try:
        size = os.fstat(file.fileno()).st_size
        fresh = request.headers.get("If-Range") in {None, etag}
        span = parse_range(request.headers.get("Range"), size) if fresh else None
        if span is not None:
            headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
        if request.method != "HEAD" and (span is None or span.first == 0):
            # A player asks for many ranges; the one with the beginning stands for all of them.
            context.house.seen.saw(context.principal.actor, "recording", ticket_id)
        return await _stream(context, file, headers, span, size)
    finally:
        file.close()


async def _stream(
    context: Context, file: BinaryIO, headers: dict[str, str], span: Span | None, size: int
) -> web.StreamResponse:
    response = web.StreamResponse(status=200 if span is None else 206, headers=headers)
    first, left = (0, size) if span is None else (span.first, span.length)
    response.content_length = left
    await response.prepare(context.request)
    if context.request.method == "HEAD":
        return response
    stall_s = context.services.limits.stall_s
    while left > 0:
        chunk = await asyncio.to_thread(os.pread, file.fileno(), min(_CHUNK, left), first)
        if not chunk:
            break
        try:
            async with asyncio.timeout(stall_s):
                await response.write(chunk)
        except TimeoutError:
            raise ConnectionResetError("the listener takes no bytes") from None
        first += len(chunk)
        left -= len(chunk)
    return response


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/recordings/{interaction}",
        handler=get_recording,
        summary="Call audio, stereo A-law WAV; Range; grows during the call; of a secret ticket after its reveal",
        scope=MEDIA,
        streaming=True,
        returns=MEDIA_TYPE,
        errors=(401, 403, 404, 416, 429, 503),
        headers=(("Range", "One range of bytes (RFC 9110 14.2)."),),
        tag="recordings",
    ),
)
