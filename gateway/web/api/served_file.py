"""Answers with a file on disk, with Range and If-None-Match (RFC 9110 13 and 14), also with one that still grows."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from gateway.errors import NotFound
from gateway.web.problems import Problem
from gateway.web.routing import Context

_CHUNK = 65_536
_RANGE = re.compile(r"^bytes=(\d{0,18})-(\d{0,18})$")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The span that a Range header asks of ``size`` bytes; None: send everything; 416 when there is nothing there.

    Several ranges at once and what we do not understand are answered with everything, as RFC 9110 14.2 allows.
    """
    found = _RANGE.match(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        span = ByteRange(max(0, size - int(last)), size - 1)
    else:
        span = ByteRange(int(first), min(int(last) if last else size - 1, size - 1))
        if last and int(last) < int(first):
            return None
    if size == 0 or span.first >= size or span.length <= 0:
        raise Problem(
            416, "range_not_satisfiable", f"There are {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )
    return span


async def send_file(
    context: Context, path: Path, headers: dict[str, str], *, etag: str | None, gone: str, seen: Callable[[], None]
) -> web.StreamResponse:
    """The file at ``path``, or the part asked for; ``NotFound`` that says ``gone`` when it is not there.

    ``etag`` names exactly this content; None: it changes. ``seen`` is called when its beginning is given away: a
    player asks for many ranges, and that one stands for all of them.
    """
    request = context.request
    headers = {**headers, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache" if etag else "no-store"}
    if etag:
        headers["ETag"] = etag
        if etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
            return web.Response(status=304, headers=headers)
    try:
        file = await asyncio.to_thread(path.open, "rb")
    except OSError:
        raise NotFound(gone) from None
    try:
        size = os.fstat(file.fileno()).st_size
        fresh = request.headers.get("If-Range") in {None, etag}
        span = parse_range(request.headers.get("Range"), size) if fresh else None
        if span is not None:
            headers["Content-Range"] = f"bytes {span.first}-{span.last}/{size}"
        if request.method != "HEAD" and (span is None or span.first == 0):
            seen()
        return await _stream(context, file, headers, span, size)
    finally:
        file.close()


async def _stream(
    context: Context, file: BinaryIO, headers: dict[str, str], span: ByteRange | None, size: int
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
