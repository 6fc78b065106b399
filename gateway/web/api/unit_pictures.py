"""Pictures of a unit's task: those it takes itself, and those that the requester sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from gateway.casework.task_sharing import PictureForTask
from gateway.domain.attachments import NewAttachment
from gateway.domain.case import for_unit
from gateway.domain.case.picture import MOST_OF_A_TASK, is_full, is_of_task, picture_id
from gateway.domain.task_status import is_gone
from gateway.errors import AlreadyErased, NotFound
from gateway.media.pictures import PICTURES
from gateway.ports.attachments import AttachmentRefused, Attachments, Check, StoredFile
from gateway.ports.cases import ListedTask
from gateway.ports.conversation_store import AttachmentRow
from gateway.web.api.attachments import send_attachment
from gateway.web.api.cases import execute
from gateway.web.api.unit_models import PictureQuery
from gateway.web.api.unit_room import in_record, own_task, shown
from gateway.web.api.unit_tasks import ONE
from gateway.web.auth import OWN_TASKS
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_response

_CHUNK = 64 * 1024
_CHANNEL = "unit"
_UNNAMED = "picture"
_REFUSED = {
    "too_large": (413, "The picture is larger than this service takes."),
    "empty": (422, "The picture is empty."),
    "not_allowed": (422, "This is no picture: JPEG, PNG, GIF or WebP; its content decides, not its name."),
}


async def add(context: Context) -> web.Response:
    """Keep the picture that the body is. The same one once more, for the same task, changes nothing."""
    query = context.query(PictureQuery)
    row = await own_task(context)
    services = context.services
    if services.files is None:
        raise Problem(503, "no_file_store", "This installation takes no files.", headers={"Retry-After": "60"})

    async def check(sha256: str, media_type: str) -> None:
        if media_type not in PICTURES:
            raise AttachmentRefused("not_allowed")
        await _check_new(context, row, picture_id(row.task_id, query.shows, sha256))

    try:
        kept = await _keep(context.request, services.files, query.name, check)
    except _KnownAlready:
        return json_response(await shown(context, row), status=201)
    named = picture_id(row.task_id, query.shows, kept.sha256)
    picture = NewAttachment(
        attachment_id=named,
        channel_id=_CHANNEL,
        kind="image",
        message_id=named,
        name=query.name or None,
        media_type=kept.media_type,
        bytes=kept.bytes,
        sha256=kept.sha256,
        location=kept.location,
    )
    await execute(
        context,
        PictureForTask(
            at=services.clock.now(),
            actor=context.principal.actor,
            ticket_id=row.ticket_id,
            task_id=row.task_id,
            attachment=picture,
            shows=query.shows,
        ),
    )
    return json_response(await shown(context, row), status=201)


class _KnownAlready(Exception):
    """The task has this picture."""


async def _check_new(context: Context, row: ListedTask, named: str) -> None:
    """``_KnownAlready``; ``AlreadyErased``, 409 for one that its task does not take, which so never lies on the disk.

    The command looks once more: of what several people send at one moment, only what goes beyond leaves a file behind,
    until that day's files expire.
    """
    record = await context.services.reader.ticket(row.ticket_id)
    ids = [one["attachment_id"] for one in record["attachments"]]
    if named in ids:
        raise _KnownAlready
    if record["erased_at"] is not None:
        raise AlreadyErased("This ticket has been erased: nothing is added to it any more.")
    if is_gone(in_record(record, row)["status"]):
        raise Problem(409, "not_now", "The task is not your unit's any more: it takes in nothing.")
    if is_full(ids, row.task_id):
        raise Problem(409, "too_many_pictures", f"A task has at most {MOST_OF_A_TASK} pictures.")


async def _keep(request: web.Request, files: Attachments, name: str, check: Check) -> StoredFile:
    """The body on the disk; it comes as it is sent, and is given up at the port's limit."""

    async def pieces() -> AsyncIterator[bytes]:
        async for piece in request.content.iter_chunked(_CHUNK):
            yield piece

    try:
        return await files.keep(pieces(), name, check=check)
    except AttachmentRefused as error:
        status, detail = _REFUSED[error.why]
        raise Problem(status, f"file_{error.why}", detail) from None
    except OSError as error:
        raise Problem(503, "store_unavailable", "Files cannot be stored now.", headers={"Retry-After": "5"}) from error


async def get(context: Context) -> web.StreamResponse:
    """A picture that the task's page shows; 404 for every other file of the ticket."""
    row = await own_task(context)
    services = context.services
    if services.attachments is None or services.files is None:
        raise NotFound("This house keeps no attachments.")
    found = await services.attachments.get(context.request.match_info["attachment"])
    own = is_of_task(found.attachment_id, row.task_id)
    if not own and not await _is_theirs(context, row, found):
        raise NotFound(f"the task has no picture {found.attachment_id!r}")
    # What somebody called a picture that they sent may name people.
    return await send_attachment(context, services.files, found, found.name if own else None, _UNNAMED)


async def _is_theirs(context: Context, row: ListedTask, found: AttachmentRow) -> bool:
    """Whether the requester sent it, and the unit may see it."""
    if found.ticket_id != row.ticket_id:
        return False
    record = await context.services.reader.ticket(row.ticket_id)
    return found.attachment_id in for_unit.theirs(record, in_record(record, row))


ROUTES = (
    Route(
        method="POST",
        path=f"{ONE}/pictures",
        handler=add,
        summary="A picture of the place, before or after, or evidence: the body is the picture itself",
        scope=OWN_TASKS,
        query=PictureQuery,
        streaming=True,
        returns="UnitTask",
        status=201,
        errors=(400, 401, 403, 404, 409, 413, 422, 429, 503),
        tag="units",
    ),
    Route(
        method="GET",
        path=f"{ONE}/pictures/{{attachment}}",
        handler=get,
        summary="A picture that the unit took, or that the requester of its task sent",
        scope=OWN_TASKS,
        streaming=True,
        returns="application/octet-stream",
        errors=(401, 403, 404, 409, 410, 416, 429, 503),
        headers=(("Range", "One range of bytes (RFC 9110 14.2)."),),
        tag="units",
    ),
)
