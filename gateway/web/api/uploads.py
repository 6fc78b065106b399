"""A contact with files: ``multipart/form-data`` whose first part ``contact`` is the JSON, every further part a file."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import unquote

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from gateway.domain.limits import CONTACT_BYTES
from gateway.edge.contact import ContactBody
from gateway.ports.attachments import AttachmentRefused, Attachments
from gateway.ports.channel import ReceivedFile
from gateway.web.problems import Problem

MEDIA_TYPE = "multipart/form-data"
MAX_FILES = 20
MAX_TOTAL = 60 * 1024 * 1024
_CHUNK = 64 * 1024
_IDENTITY = frozenset({"", "identity", "binary", "7bit", "8bit"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_WHY = {
    "too_large": (413, "A file is larger than this service takes."),
    "empty": (422, "A file is empty."),
    "not_allowed": (422, "A file is of no kind that is taken here; its content decides, not its name."),
}
Vouch = Callable[[bytes], Awaitable[ContactBody]]
"""Authenticates and parses the JSON part, before any file is read."""


async def read(
    request: web.Request, store: Attachments | None, vouch: Vouch
) -> tuple[ContactBody, tuple[ReceivedFile, ...]]:
    """The contact and its files, which are on disk then. Problems: 400, 413, 422, 503."""
    if store is None:
        raise Problem(503, "no_file_store", "This installation takes no files.", headers={"Retry-After": "60"})
    try:
        reader = await request.multipart()
        body = await vouch(await _json(await reader.next()))
        files: list[ReceivedFile] = []
        room = MAX_TOTAL
        while (part := await reader.next()) is not None:
            if len(files) == MAX_FILES:
                raise Problem(413, "too_many_files", f"A contact has at most {MAX_FILES} files.")
            files.append(await _file(_plain(part), store, room))
            room -= files[-1].bytes
    except (ValueError, AssertionError, RuntimeError, LookupError, HttpProcessingError) as error:
        # What aiohttp's reader raises for boundaries, headers and encodings that are none.
        raise _malformed() from error
    return body, tuple(files)


def check_listed(body: ContactBody, files: tuple[ReceivedFile, ...], *, signed: bool) -> None:
    """422 unless files named by their sha256 came; of a signed contact every file must be named: that signs it."""
    came = {file.sha256 for file in files}
    listed = {item.sha256 for item in body.attachments if item.url is None}
    if missing := listed - came:
        raise Problem(422, "file_missing", f"No part of this request has the sha256 {min(map(str, missing))}.")
    if signed and came - listed:
        raise Problem(422, "file_not_signed", "List each file's name and sha256 in attachments, so that it is signed.")


async def _json(part: MultipartReader | BodyPartReader | None) -> bytes:
    plain = _plain(part)
    if plain.name != "contact":
        raise Problem(400, "contact_part_missing", "The first part must be named 'contact' and hold the JSON.")
    found = bytearray()
    async for chunk in _chunks(plain):
        found += chunk
        if len(found) > CONTACT_BYTES:
            raise Problem(413, "body_too_large", f"The JSON part has at most {CONTACT_BYTES} bytes.")
    return bytes(found)


async def _file(part: BodyPartReader, store: Attachments, room: int) -> ReceivedFile:
    given = unquote(part.filename or part.name or "file").replace("\\", "/").rpartition("/")[2]
    name = _CONTROL.sub("", given).strip()[:200]
    try:
        kept = await store.keep(_within(_chunks(part), room), name)
    except AttachmentRefused as error:
        status, detail = _WHY[error.why]
        raise Problem(status, f"file_{error.why}", detail) from None
    except OSError as error:
        raise Problem(503, "store_unavailable", "Files cannot be stored now.", headers={"Retry-After": "5"}) from error
    return ReceivedFile(
        name=name or "file",
        media_type=kept.media_type,
        bytes=kept.bytes,
        sha256=kept.sha256,
        location=kept.location,
    )


def _plain(part: MultipartReader | BodyPartReader | None) -> BodyPartReader:
    """A part that is neither nested nor encoded: RFC 7578 section 4.7 has no transfer encodings."""
    if not isinstance(part, BodyPartReader):
        raise _malformed()
    for header in ("Content-Transfer-Encoding", "Content-Encoding"):
        if part.headers.get(header, "").strip().lower() not in _IDENTITY:
            raise Problem(400, "invalid_multipart", f"Parts are sent without {header}.")
    return part


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        yield chunk


async def _within(chunks: AsyncIterator[bytes], room: int) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        room -= len(chunk)
        if room < 0:
            raise Problem(413, "body_too_large", f"The files of a contact have at most {MAX_TOTAL} bytes together.")
        yield chunk


def _malformed() -> Problem:
    return Problem(400, "invalid_multipart", "This is no multipart/form-data as RFC 7578 describes it.")
