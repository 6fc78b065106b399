"""Call audio with Range (RFC 9110 14), also of a call still under way."""

from __future__ import annotations

from aiohttp import web

from gateway.domain.ids import spelled_no
from gateway.errors import NotFound
from gateway.web.api.media_access import check_media
from gateway.web.api.served_file import send_file
from gateway.web.api.tickets import read
from gateway.web.auth import MEDIA
from gateway.web.routing import Context, Route

MEDIA_TYPE = "audio/x-wav"


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
    name = f"{spelled_no(record['ticket_no'])}{path.suffix}"
    headers = {"Content-Type": MEDIA_TYPE, "Content-Disposition": f'inline; filename="{name}"'}
    ticket_id, actor = record["ticket_id"], context.principal.actor
    return await send_file(
        context,
        path,
        headers,
        etag=f'"{sha256}"' if sha256 else None,
        gone="The recording is gone: its retention time is over, or the folder is not there.",
        seen=lambda: context.house.seen.saw(actor, "recording", ticket_id),
    )


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
